module mlops-estate/load

go 1.25
