"""What tests take from the sandbox: one stand-in at a time, without a stack."""
