"""ABCI 2.0: how the consensus engine calls the application, over a unix socket."""
