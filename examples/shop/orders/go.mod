module orders

go 1.24

require waggle v0.0.0

replace waggle => ../../../kits/go
