"""A pod's entry point: `python3 -m clusters.synthetic`."""

from clusters.synthetic.roles import run

if __name__ == "__main__":
    run()
