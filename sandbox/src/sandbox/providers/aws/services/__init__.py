"""The tables of the modelled resource types, a module per AWS service."""
