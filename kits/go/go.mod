module waggle

go 1.24
