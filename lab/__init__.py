"""Links with a known truth, in network namespaces made for the purpose and removed after it."""
