(-lgcc_s
 -lutil
 -lrt
 -lpthread
 -lm
 -ldl
 -lc)
