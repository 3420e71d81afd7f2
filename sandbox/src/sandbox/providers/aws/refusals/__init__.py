"""What AWS refuses beyond botocore's service models: tables and grammars, each with the page of AWS that says so."""
