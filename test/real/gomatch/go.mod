module gomatch

go 1.19
