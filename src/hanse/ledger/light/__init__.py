"""Following the validators of a BFT network without its state: what a verifier needs of them."""
