module users

go 1.24
