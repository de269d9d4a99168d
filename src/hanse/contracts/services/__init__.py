"""Services between owners: set up once, used many times, every use granted and counted."""
