"""Where results are sent on to. Each sink follows the store by a cursor of its own, so one that is
away delays nobody, and catches up."""
