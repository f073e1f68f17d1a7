"""`seawall serve`: the one supervised process that keeps a city's schedules alive."""
