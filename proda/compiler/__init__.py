"""The compiler: samples → an adapter on top of a base. `torch` lives here and in the tester's model side, nowhere else."""
