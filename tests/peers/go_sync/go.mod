module weft/go_sync

go 1.19
