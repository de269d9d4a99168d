"""How an organisation enters: application, admission, credential, wallet."""
