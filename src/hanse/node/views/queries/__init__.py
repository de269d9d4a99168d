"""Reading the views: SQL in, the API's models out."""
