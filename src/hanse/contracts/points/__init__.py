"""Points: issued by the regulator, held, transferred, frozen, escrowed for flows."""
