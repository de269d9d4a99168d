"""Who decides the order of blocks: the embedded sequencer, or the one this node follows."""
