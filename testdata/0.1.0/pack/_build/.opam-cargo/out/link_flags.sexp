(-ccopt
 -Wl,-u,bar_a
 -ccopt
 -Wl,-u,foo_val
 -ccopt
 -Wl,-u,own_val)
