"""Whether the clients ask, and the simulators answer, as Discord documents it and as Battle.net was seen to."""
