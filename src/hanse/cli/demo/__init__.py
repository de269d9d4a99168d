"""The demo: six organisations as six processes, one collaboration, end to end."""
