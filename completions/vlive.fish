# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_vlive_global_optspecs
    string join \n C/folder= wait= color= no-pager q/quiet h/help V/version
end

function __fish_vlive_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_vlive_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_vlive_using_subcommand
    set -l cmd (__fish_vlive_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c vlive -n "__fish_vlive_needs_command" -s C -l folder -d 'The folder of the cache, or its redb file [default: `VLIVE_FOLDER`, or else the current folder]. Other paths stay relative to the current folder' -r -F
complete -c vlive -n "__fish_vlive_needs_command" -l wait -d 'How long to keep trying, such as `10s` or `10`: to write while the cache is in use (default: not at all), or to read a consistent state while an app writes (default: 5s)' -r
complete -c vlive -n "__fish_vlive_needs_command" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; `CLICOLOR_FORCE` colours elsewhere too'
always\t'Everywhere'
never\t'Nowhere'"
complete -c vlive -n "__fish_vlive_needs_command" -l no-pager -d 'Do not use a pager; without this it is `VLIVE_PAGER`, or else `PAGER`, or else `less -FRX`'
complete -c vlive -n "__fish_vlive_needs_command" -s q -l quiet -d 'Print only data and errors'
complete -c vlive -n "__fish_vlive_needs_command" -s h -l help -d 'Print help'
complete -c vlive -n "__fish_vlive_needs_command" -s V -l version -d 'Print version'
complete -c vlive -n "__fish_vlive_needs_command" -f -a "ls" -d 'List the cache keys, or the entries of a selection'
complete -c vlive -n "__fish_vlive_needs_command" -f -a "list" -d 'List the cache keys, or the entries of a selection'
complete -c vlive -n "__fish_vlive_needs_command" -f -a "dump" -d 'Print entries as JSON, or write them to files'
complete -c vlive -n "__fish_vlive_needs_command" -f -a "get" -d 'Print entries as JSON, or write them to files'
complete -c vlive -n "__fish_vlive_needs_command" -f -a "export" -d 'Print entries as JSON, or write them to files'
complete -c vlive -n "__fish_vlive_needs_command" -f -a "show" -d 'Show rows as a table'
complete -c vlive -n "__fish_vlive_needs_command" -f -a "find" -d 'Find text, a row id or the value of a field'
complete -c vlive -n "__fish_vlive_needs_command" -f -a "ages" -d 'List entries with the time they were fetched, their age, rows and size'
complete -c vlive -n "__fish_vlive_needs_command" -f -a "diff" -d 'Compare two caches, or a cache and a fixture'
complete -c vlive -n "__fish_vlive_needs_command" -f -a "check" -d 'Verify every page and every entry, without changing anything'
complete -c vlive -n "__fish_vlive_needs_command" -f -a "watch" -d 'Print each change that the app makes to its cache, as it happens'
complete -c vlive -n "__fish_vlive_needs_command" -f -a "browse" -d 'Browse a cache in full screen, updated as its app writes'
complete -c vlive -n "__fish_vlive_needs_command" -f -a "where" -d 'Find caches below folders, and those that a running process has open'
complete -c vlive -n "__fish_vlive_needs_command" -f -a "stat" -d 'Show where a cache\'s space goes, the ages of its entries, and the largest ones'
complete -c vlive -n "__fish_vlive_needs_command" -f -a "stats" -d 'Show where a cache\'s space goes, the ages of its entries, and the largest ones'
complete -c vlive -n "__fish_vlive_needs_command" -f -a "salvage" -d 'Copy every intact entry of a damaged cache into a new one'
complete -c vlive -n "__fish_vlive_needs_command" -f -a "put" -d 'Write one entry from JSON'
complete -c vlive -n "__fish_vlive_needs_command" -f -a "load" -d 'Load entries from fixtures, all or none'
complete -c vlive -n "__fish_vlive_needs_command" -f -a "import" -d 'Load entries from fixtures, all or none'
complete -c vlive -n "__fish_vlive_needs_command" -f -a "edit" -d 'Edit an entry in an editor, or entries by a jq filter'
complete -c vlive -n "__fish_vlive_needs_command" -f -a "touch" -d 'Set when entries were fetched, without changing their rows'
complete -c vlive -n "__fish_vlive_needs_command" -f -a "cp" -d 'Copy an entry or a whole cache key'
complete -c vlive -n "__fish_vlive_needs_command" -f -a "mv" -d 'Move an entry or a whole cache key'
complete -c vlive -n "__fish_vlive_needs_command" -f -a "invalidate" -d 'Delete entries by key, prefix or age, and list them'
complete -c vlive -n "__fish_vlive_needs_command" -f -a "rm" -d 'Delete entries by key, prefix or age, and list them'
complete -c vlive -n "__fish_vlive_needs_command" -f -a "compact" -d 'Shrink a cache file to the size that its contents need'
complete -c vlive -n "__fish_vlive_needs_command" -f -a "completions" -d 'Print the completion script for a shell'
complete -c vlive -n "__fish_vlive_needs_command" -f -a "help" -d 'Print the help of the program or of one of its commands'
complete -c vlive -n "__fish_vlive_using_subcommand ls" -l older-than -d 'Only entries fetched before this time, or longer ago than this duration, such as `7d`' -r
complete -c vlive -n "__fish_vlive_using_subcommand ls" -l newer-than -d 'Only entries fetched after this time, or within this duration; entries dated in the future count as newer than any other' -r
complete -c vlive -n "__fish_vlive_using_subcommand ls" -l keys-from -d 'Select the full keys and sets that a file names exactly, one per line; `-` is standard input' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand ls" -l sort -d 'Sort by key (the default), by age (oldest first), or by size or rows (largest first)' -r -f -a "key\t''
age\t''
size\t''
rows\t''"
complete -c vlive -n "__fish_vlive_using_subcommand ls" -l limit -d 'Show at most N rows' -r
complete -c vlive -n "__fish_vlive_using_subcommand ls" -l stale -d 'In colour, ages of at least this are bold red, and ages below a 24th of it dim green' -r
complete -c vlive -n "__fish_vlive_using_subcommand ls" -l format -d 'The output format' -r -f -a "table\t'Aligned columns, for people'
json\t'A JSON document: an array of objects, or one object'
jsonl\t'An object on each line'
csv\t'Comma-separated values'
tsv\t'Tab-separated values'
markdown\t'A Markdown table'"
complete -c vlive -n "__fish_vlive_using_subcommand ls" -s o -l output -d 'Write to a file, which appears once it is complete; without --format its extension chooses the format' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand ls" -s C -l folder -d 'The folder of the cache, or its redb file [default: `VLIVE_FOLDER`, or else the current folder]. Other paths stay relative to the current folder' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand ls" -l wait -d 'How long to keep trying, such as `10s` or `10`: to write while the cache is in use (default: not at all), or to read a consistent state while an app writes (default: 5s)' -r
complete -c vlive -n "__fish_vlive_using_subcommand ls" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; `CLICOLOR_FORCE` colours elsewhere too'
always\t'Everywhere'
never\t'Nowhere'"
complete -c vlive -n "__fish_vlive_using_subcommand ls" -l exact -d 'Match a SELECTION with a `/` exactly, as dump, show, find, diff, watch and edit do by default'
complete -c vlive -n "__fish_vlive_using_subcommand ls" -l prefix -d 'Match every key that begins with a SELECTION with a `/`, as ls, ages, browse, touch and invalidate do by default; of a diorama set every row whose id begins with what follows the `/`, which only this option matches'
complete -c vlive -n "__fish_vlive_using_subcommand ls" -s 0 -l null -d 'Separate keys by NUL instead of line feeds, for --keys-from and --keys'
complete -c vlive -n "__fish_vlive_using_subcommand ls" -l all -d 'Also list the tables of other programs, with their types'
complete -c vlive -n "__fish_vlive_using_subcommand ls" -l quick -d 'List only the cache keys with their numbers of entries, from the file\'s own counts; no entry is read'
complete -c vlive -n "__fish_vlive_using_subcommand ls" -l reverse -d 'Reverse the order'
complete -c vlive -n "__fish_vlive_using_subcommand ls" -l keys -d 'Print only full keys, one per line, in the form that --keys-from reads'
complete -c vlive -n "__fish_vlive_using_subcommand ls" -l histogram -d 'Draw a histogram of ages instead of the list'
complete -c vlive -n "__fish_vlive_using_subcommand ls" -l json -d 'Short for `--format json`'
complete -c vlive -n "__fish_vlive_using_subcommand ls" -l no-pager -d 'Do not use a pager; without this it is `VLIVE_PAGER`, or else `PAGER`, or else `less -FRX`'
complete -c vlive -n "__fish_vlive_using_subcommand ls" -s q -l quiet -d 'Print only data and errors'
complete -c vlive -n "__fish_vlive_using_subcommand ls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vlive -n "__fish_vlive_using_subcommand ls" -s V -l version -d 'Print version'
complete -c vlive -n "__fish_vlive_using_subcommand list" -l older-than -d 'Only entries fetched before this time, or longer ago than this duration, such as `7d`' -r
complete -c vlive -n "__fish_vlive_using_subcommand list" -l newer-than -d 'Only entries fetched after this time, or within this duration; entries dated in the future count as newer than any other' -r
complete -c vlive -n "__fish_vlive_using_subcommand list" -l keys-from -d 'Select the full keys and sets that a file names exactly, one per line; `-` is standard input' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand list" -l sort -d 'Sort by key (the default), by age (oldest first), or by size or rows (largest first)' -r -f -a "key\t''
age\t''
size\t''
rows\t''"
complete -c vlive -n "__fish_vlive_using_subcommand list" -l limit -d 'Show at most N rows' -r
complete -c vlive -n "__fish_vlive_using_subcommand list" -l stale -d 'In colour, ages of at least this are bold red, and ages below a 24th of it dim green' -r
complete -c vlive -n "__fish_vlive_using_subcommand list" -l format -d 'The output format' -r -f -a "table\t'Aligned columns, for people'
json\t'A JSON document: an array of objects, or one object'
jsonl\t'An object on each line'
csv\t'Comma-separated values'
tsv\t'Tab-separated values'
markdown\t'A Markdown table'"
complete -c vlive -n "__fish_vlive_using_subcommand list" -s o -l output -d 'Write to a file, which appears once it is complete; without --format its extension chooses the format' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand list" -s C -l folder -d 'The folder of the cache, or its redb file [default: `VLIVE_FOLDER`, or else the current folder]. Other paths stay relative to the current folder' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand list" -l wait -d 'How long to keep trying, such as `10s` or `10`: to write while the cache is in use (default: not at all), or to read a consistent state while an app writes (default: 5s)' -r
complete -c vlive -n "__fish_vlive_using_subcommand list" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; `CLICOLOR_FORCE` colours elsewhere too'
always\t'Everywhere'
never\t'Nowhere'"
complete -c vlive -n "__fish_vlive_using_subcommand list" -l exact -d 'Match a SELECTION with a `/` exactly, as dump, show, find, diff, watch and edit do by default'
complete -c vlive -n "__fish_vlive_using_subcommand list" -l prefix -d 'Match every key that begins with a SELECTION with a `/`, as ls, ages, browse, touch and invalidate do by default; of a diorama set every row whose id begins with what follows the `/`, which only this option matches'
complete -c vlive -n "__fish_vlive_using_subcommand list" -s 0 -l null -d 'Separate keys by NUL instead of line feeds, for --keys-from and --keys'
complete -c vlive -n "__fish_vlive_using_subcommand list" -l all -d 'Also list the tables of other programs, with their types'
complete -c vlive -n "__fish_vlive_using_subcommand list" -l quick -d 'List only the cache keys with their numbers of entries, from the file\'s own counts; no entry is read'
complete -c vlive -n "__fish_vlive_using_subcommand list" -l reverse -d 'Reverse the order'
complete -c vlive -n "__fish_vlive_using_subcommand list" -l keys -d 'Print only full keys, one per line, in the form that --keys-from reads'
complete -c vlive -n "__fish_vlive_using_subcommand list" -l histogram -d 'Draw a histogram of ages instead of the list'
complete -c vlive -n "__fish_vlive_using_subcommand list" -l json -d 'Short for `--format json`'
complete -c vlive -n "__fish_vlive_using_subcommand list" -l no-pager -d 'Do not use a pager; without this it is `VLIVE_PAGER`, or else `PAGER`, or else `less -FRX`'
complete -c vlive -n "__fish_vlive_using_subcommand list" -s q -l quiet -d 'Print only data and errors'
complete -c vlive -n "__fish_vlive_using_subcommand list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vlive -n "__fish_vlive_using_subcommand list" -s V -l version -d 'Print version'
complete -c vlive -n "__fish_vlive_using_subcommand dump" -l older-than -d 'Only entries fetched before this time, or longer ago than this duration, such as `7d`' -r
complete -c vlive -n "__fish_vlive_using_subcommand dump" -l newer-than -d 'Only entries fetched after this time, or within this duration; entries dated in the future count as newer than any other' -r
complete -c vlive -n "__fish_vlive_using_subcommand dump" -l keys-from -d 'Select the full keys and sets that a file names exactly, one per line; `-` is standard input' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand dump" -l where -d 'Only rows for which this jq filter is true, such as \'.balance > 1000 and .active\'; `$key`, `$id`, `$fetched_at`, `$age` (in seconds) and `$incomplete` are set' -r
complete -c vlive -n "__fish_vlive_using_subcommand dump" -l select -d 'Show the result of this jq filter instead of each row, such as \'{name, total: (.price * .count)}\'' -r
complete -c vlive -n "__fish_vlive_using_subcommand dump" -l format -d 'The output format' -r -f -a "json\t'Envelopes as JSON'
jsonl\t'One line of JSON per entry: `{"key": …, "fetched_at": …, "rows": …}`'
rows\t'One line of JSON per row, for query engines: `{"key": …, "fetched_at": …, "id": …, "row": {…}}`, with values by their meaning: dates as RFC 3339, decimals as numbers, record ids and uuids as text, byte strings as base64'
diag\t'The stored bytes in CBOR\'s diagnostic notation (RFC 8949, section 8), including what vantage-live ignores'
cbor\t'The stored bytes of one entry; of several a CBOR map of full key to byte string'"
complete -c vlive -n "__fish_vlive_using_subcommand dump" -s o -l output -d 'Write to a file, which appears once it is complete, or to a new folder (a path that ends with `/`), with a file for each entry; `-` is standard output. Without --format the name\'s extension chooses it' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand dump" -l label -d 'With `--format rows`: begin each line with `"cache": NAME`, to read the rows of several caches together' -r
complete -c vlive -n "__fish_vlive_using_subcommand dump" -s C -l folder -d 'The folder of the cache, or its redb file [default: `VLIVE_FOLDER`, or else the current folder]. Other paths stay relative to the current folder' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand dump" -l wait -d 'How long to keep trying, such as `10s` or `10`: to write while the cache is in use (default: not at all), or to read a consistent state while an app writes (default: 5s)' -r
complete -c vlive -n "__fish_vlive_using_subcommand dump" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; `CLICOLOR_FORCE` colours elsewhere too'
always\t'Everywhere'
never\t'Nowhere'"
complete -c vlive -n "__fish_vlive_using_subcommand dump" -l exact -d 'Match a SELECTION with a `/` exactly, as dump, show, find, diff, watch and edit do by default'
complete -c vlive -n "__fish_vlive_using_subcommand dump" -l prefix -d 'Match every key that begins with a SELECTION with a `/`, as ls, ages, browse, touch and invalidate do by default; of a diorama set every row whose id begins with what follows the `/`, which only this option matches'
complete -c vlive -n "__fish_vlive_using_subcommand dump" -s 0 -l null -d 'Separate keys by NUL instead of line feeds, for --keys-from and --keys'
complete -c vlive -n "__fish_vlive_using_subcommand dump" -l json -d 'Short for `--format json`'
complete -c vlive -n "__fish_vlive_using_subcommand dump" -l pretty -d 'Indent the output; the default on a terminal and in a folder'
complete -c vlive -n "__fish_vlive_using_subcommand dump" -l compact -d 'Print everything on one line; the default in a pipe'
complete -c vlive -n "__fish_vlive_using_subcommand dump" -l rows -d 'Print only the rows, without the times'
complete -c vlive -n "__fish_vlive_using_subcommand dump" -l redact -d 'Replace the contents, for bug reports; keys, row ids, types, lengths and the times of entries stay'
complete -c vlive -n "__fish_vlive_using_subcommand dump" -l plain -d 'Print plain JSON for people and `jq`, which loses tags; bytes become base64url, and NaN becomes null'
complete -c vlive -n "__fish_vlive_using_subcommand dump" -l raw -d 'With `--format jsonl`: print the stored bytes in base64, even if they cannot be decoded'
complete -c vlive -n "__fish_vlive_using_subcommand dump" -l lossless -d 'With `--format rows`: print values without loss, as in the other formats'
complete -c vlive -n "__fish_vlive_using_subcommand dump" -l no-pager -d 'Do not use a pager; without this it is `VLIVE_PAGER`, or else `PAGER`, or else `less -FRX`'
complete -c vlive -n "__fish_vlive_using_subcommand dump" -s q -l quiet -d 'Print only data and errors'
complete -c vlive -n "__fish_vlive_using_subcommand dump" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vlive -n "__fish_vlive_using_subcommand dump" -s V -l version -d 'Print version'
complete -c vlive -n "__fish_vlive_using_subcommand get" -l older-than -d 'Only entries fetched before this time, or longer ago than this duration, such as `7d`' -r
complete -c vlive -n "__fish_vlive_using_subcommand get" -l newer-than -d 'Only entries fetched after this time, or within this duration; entries dated in the future count as newer than any other' -r
complete -c vlive -n "__fish_vlive_using_subcommand get" -l keys-from -d 'Select the full keys and sets that a file names exactly, one per line; `-` is standard input' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand get" -l where -d 'Only rows for which this jq filter is true, such as \'.balance > 1000 and .active\'; `$key`, `$id`, `$fetched_at`, `$age` (in seconds) and `$incomplete` are set' -r
complete -c vlive -n "__fish_vlive_using_subcommand get" -l select -d 'Show the result of this jq filter instead of each row, such as \'{name, total: (.price * .count)}\'' -r
complete -c vlive -n "__fish_vlive_using_subcommand get" -l format -d 'The output format' -r -f -a "json\t'Envelopes as JSON'
jsonl\t'One line of JSON per entry: `{"key": …, "fetched_at": …, "rows": …}`'
rows\t'One line of JSON per row, for query engines: `{"key": …, "fetched_at": …, "id": …, "row": {…}}`, with values by their meaning: dates as RFC 3339, decimals as numbers, record ids and uuids as text, byte strings as base64'
diag\t'The stored bytes in CBOR\'s diagnostic notation (RFC 8949, section 8), including what vantage-live ignores'
cbor\t'The stored bytes of one entry; of several a CBOR map of full key to byte string'"
complete -c vlive -n "__fish_vlive_using_subcommand get" -s o -l output -d 'Write to a file, which appears once it is complete, or to a new folder (a path that ends with `/`), with a file for each entry; `-` is standard output. Without --format the name\'s extension chooses it' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand get" -l label -d 'With `--format rows`: begin each line with `"cache": NAME`, to read the rows of several caches together' -r
complete -c vlive -n "__fish_vlive_using_subcommand get" -s C -l folder -d 'The folder of the cache, or its redb file [default: `VLIVE_FOLDER`, or else the current folder]. Other paths stay relative to the current folder' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand get" -l wait -d 'How long to keep trying, such as `10s` or `10`: to write while the cache is in use (default: not at all), or to read a consistent state while an app writes (default: 5s)' -r
complete -c vlive -n "__fish_vlive_using_subcommand get" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; `CLICOLOR_FORCE` colours elsewhere too'
always\t'Everywhere'
never\t'Nowhere'"
complete -c vlive -n "__fish_vlive_using_subcommand get" -l exact -d 'Match a SELECTION with a `/` exactly, as dump, show, find, diff, watch and edit do by default'
complete -c vlive -n "__fish_vlive_using_subcommand get" -l prefix -d 'Match every key that begins with a SELECTION with a `/`, as ls, ages, browse, touch and invalidate do by default; of a diorama set every row whose id begins with what follows the `/`, which only this option matches'
complete -c vlive -n "__fish_vlive_using_subcommand get" -s 0 -l null -d 'Separate keys by NUL instead of line feeds, for --keys-from and --keys'
complete -c vlive -n "__fish_vlive_using_subcommand get" -l json -d 'Short for `--format json`'
complete -c vlive -n "__fish_vlive_using_subcommand get" -l pretty -d 'Indent the output; the default on a terminal and in a folder'
complete -c vlive -n "__fish_vlive_using_subcommand get" -l compact -d 'Print everything on one line; the default in a pipe'
complete -c vlive -n "__fish_vlive_using_subcommand get" -l rows -d 'Print only the rows, without the times'
complete -c vlive -n "__fish_vlive_using_subcommand get" -l redact -d 'Replace the contents, for bug reports; keys, row ids, types, lengths and the times of entries stay'
complete -c vlive -n "__fish_vlive_using_subcommand get" -l plain -d 'Print plain JSON for people and `jq`, which loses tags; bytes become base64url, and NaN becomes null'
complete -c vlive -n "__fish_vlive_using_subcommand get" -l raw -d 'With `--format jsonl`: print the stored bytes in base64, even if they cannot be decoded'
complete -c vlive -n "__fish_vlive_using_subcommand get" -l lossless -d 'With `--format rows`: print values without loss, as in the other formats'
complete -c vlive -n "__fish_vlive_using_subcommand get" -l no-pager -d 'Do not use a pager; without this it is `VLIVE_PAGER`, or else `PAGER`, or else `less -FRX`'
complete -c vlive -n "__fish_vlive_using_subcommand get" -s q -l quiet -d 'Print only data and errors'
complete -c vlive -n "__fish_vlive_using_subcommand get" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vlive -n "__fish_vlive_using_subcommand get" -s V -l version -d 'Print version'
complete -c vlive -n "__fish_vlive_using_subcommand export" -l older-than -d 'Only entries fetched before this time, or longer ago than this duration, such as `7d`' -r
complete -c vlive -n "__fish_vlive_using_subcommand export" -l newer-than -d 'Only entries fetched after this time, or within this duration; entries dated in the future count as newer than any other' -r
complete -c vlive -n "__fish_vlive_using_subcommand export" -l keys-from -d 'Select the full keys and sets that a file names exactly, one per line; `-` is standard input' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand export" -l where -d 'Only rows for which this jq filter is true, such as \'.balance > 1000 and .active\'; `$key`, `$id`, `$fetched_at`, `$age` (in seconds) and `$incomplete` are set' -r
complete -c vlive -n "__fish_vlive_using_subcommand export" -l select -d 'Show the result of this jq filter instead of each row, such as \'{name, total: (.price * .count)}\'' -r
complete -c vlive -n "__fish_vlive_using_subcommand export" -l format -d 'The output format' -r -f -a "json\t'Envelopes as JSON'
jsonl\t'One line of JSON per entry: `{"key": …, "fetched_at": …, "rows": …}`'
rows\t'One line of JSON per row, for query engines: `{"key": …, "fetched_at": …, "id": …, "row": {…}}`, with values by their meaning: dates as RFC 3339, decimals as numbers, record ids and uuids as text, byte strings as base64'
diag\t'The stored bytes in CBOR\'s diagnostic notation (RFC 8949, section 8), including what vantage-live ignores'
cbor\t'The stored bytes of one entry; of several a CBOR map of full key to byte string'"
complete -c vlive -n "__fish_vlive_using_subcommand export" -s o -l output -d 'Write to a file, which appears once it is complete, or to a new folder (a path that ends with `/`), with a file for each entry; `-` is standard output. Without --format the name\'s extension chooses it' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand export" -l label -d 'With `--format rows`: begin each line with `"cache": NAME`, to read the rows of several caches together' -r
complete -c vlive -n "__fish_vlive_using_subcommand export" -s C -l folder -d 'The folder of the cache, or its redb file [default: `VLIVE_FOLDER`, or else the current folder]. Other paths stay relative to the current folder' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand export" -l wait -d 'How long to keep trying, such as `10s` or `10`: to write while the cache is in use (default: not at all), or to read a consistent state while an app writes (default: 5s)' -r
complete -c vlive -n "__fish_vlive_using_subcommand export" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; `CLICOLOR_FORCE` colours elsewhere too'
always\t'Everywhere'
never\t'Nowhere'"
complete -c vlive -n "__fish_vlive_using_subcommand export" -l exact -d 'Match a SELECTION with a `/` exactly, as dump, show, find, diff, watch and edit do by default'
complete -c vlive -n "__fish_vlive_using_subcommand export" -l prefix -d 'Match every key that begins with a SELECTION with a `/`, as ls, ages, browse, touch and invalidate do by default; of a diorama set every row whose id begins with what follows the `/`, which only this option matches'
complete -c vlive -n "__fish_vlive_using_subcommand export" -s 0 -l null -d 'Separate keys by NUL instead of line feeds, for --keys-from and --keys'
complete -c vlive -n "__fish_vlive_using_subcommand export" -l json -d 'Short for `--format json`'
complete -c vlive -n "__fish_vlive_using_subcommand export" -l pretty -d 'Indent the output; the default on a terminal and in a folder'
complete -c vlive -n "__fish_vlive_using_subcommand export" -l compact -d 'Print everything on one line; the default in a pipe'
complete -c vlive -n "__fish_vlive_using_subcommand export" -l rows -d 'Print only the rows, without the times'
complete -c vlive -n "__fish_vlive_using_subcommand export" -l redact -d 'Replace the contents, for bug reports; keys, row ids, types, lengths and the times of entries stay'
complete -c vlive -n "__fish_vlive_using_subcommand export" -l plain -d 'Print plain JSON for people and `jq`, which loses tags; bytes become base64url, and NaN becomes null'
complete -c vlive -n "__fish_vlive_using_subcommand export" -l raw -d 'With `--format jsonl`: print the stored bytes in base64, even if they cannot be decoded'
complete -c vlive -n "__fish_vlive_using_subcommand export" -l lossless -d 'With `--format rows`: print values without loss, as in the other formats'
complete -c vlive -n "__fish_vlive_using_subcommand export" -l no-pager -d 'Do not use a pager; without this it is `VLIVE_PAGER`, or else `PAGER`, or else `less -FRX`'
complete -c vlive -n "__fish_vlive_using_subcommand export" -s q -l quiet -d 'Print only data and errors'
complete -c vlive -n "__fish_vlive_using_subcommand export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vlive -n "__fish_vlive_using_subcommand export" -s V -l version -d 'Print version'
complete -c vlive -n "__fish_vlive_using_subcommand show" -l older-than -d 'Only entries fetched before this time, or longer ago than this duration, such as `7d`' -r
complete -c vlive -n "__fish_vlive_using_subcommand show" -l newer-than -d 'Only entries fetched after this time, or within this duration; entries dated in the future count as newer than any other' -r
complete -c vlive -n "__fish_vlive_using_subcommand show" -l keys-from -d 'Select the full keys and sets that a file names exactly, one per line; `-` is standard input' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand show" -l where -d 'Only rows for which this jq filter is true, such as \'.balance > 1000 and .active\'; `$key`, `$id`, `$fetched_at`, `$age` (in seconds) and `$incomplete` are set' -r
complete -c vlive -n "__fish_vlive_using_subcommand show" -l select -d 'Show the result of this jq filter instead of each row, such as \'{name, total: (.price * .count)}\'' -r
complete -c vlive -n "__fish_vlive_using_subcommand show" -l fields -d 'Show only these fields, in this order' -r
complete -c vlive -n "__fish_vlive_using_subcommand show" -l limit -d 'Show at most N rows, with the fields that occur in them' -r
complete -c vlive -n "__fish_vlive_using_subcommand show" -l format -d 'The output format' -r -f -a "table\t'Aligned columns, for people'
json\t'A JSON document: an array of objects, or one object'
jsonl\t'An object on each line'
csv\t'Comma-separated values'
tsv\t'Tab-separated values'
markdown\t'A Markdown table'"
complete -c vlive -n "__fish_vlive_using_subcommand show" -s o -l output -d 'Write to a file, which appears once it is complete; without --format its extension chooses the format' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand show" -s C -l folder -d 'The folder of the cache, or its redb file [default: `VLIVE_FOLDER`, or else the current folder]. Other paths stay relative to the current folder' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand show" -l wait -d 'How long to keep trying, such as `10s` or `10`: to write while the cache is in use (default: not at all), or to read a consistent state while an app writes (default: 5s)' -r
complete -c vlive -n "__fish_vlive_using_subcommand show" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; `CLICOLOR_FORCE` colours elsewhere too'
always\t'Everywhere'
never\t'Nowhere'"
complete -c vlive -n "__fish_vlive_using_subcommand show" -l exact -d 'Match a SELECTION with a `/` exactly, as dump, show, find, diff, watch and edit do by default'
complete -c vlive -n "__fish_vlive_using_subcommand show" -l prefix -d 'Match every key that begins with a SELECTION with a `/`, as ls, ages, browse, touch and invalidate do by default; of a diorama set every row whose id begins with what follows the `/`, which only this option matches'
complete -c vlive -n "__fish_vlive_using_subcommand show" -s 0 -l null -d 'Separate keys by NUL instead of line feeds, for --keys-from and --keys'
complete -c vlive -n "__fish_vlive_using_subcommand show" -l wide -d 'Show all fields in full, however wide the table becomes'
complete -c vlive -n "__fish_vlive_using_subcommand show" -l json -d 'Short for `--format json`'
complete -c vlive -n "__fish_vlive_using_subcommand show" -l no-pager -d 'Do not use a pager; without this it is `VLIVE_PAGER`, or else `PAGER`, or else `less -FRX`'
complete -c vlive -n "__fish_vlive_using_subcommand show" -s q -l quiet -d 'Print only data and errors'
complete -c vlive -n "__fish_vlive_using_subcommand show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vlive -n "__fish_vlive_using_subcommand show" -s V -l version -d 'Print version'
complete -c vlive -n "__fish_vlive_using_subcommand find" -l older-than -d 'Only entries fetched before this time, or longer ago than this duration, such as `7d`' -r
complete -c vlive -n "__fish_vlive_using_subcommand find" -l newer-than -d 'Only entries fetched after this time, or within this duration; entries dated in the future count as newer than any other' -r
complete -c vlive -n "__fish_vlive_using_subcommand find" -l keys-from -d 'Select the full keys and sets that a file names exactly, one per line; `-` is standard input' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand find" -l where -d 'Only rows for which this jq filter is true, such as \'.balance > 1000 and .active\'; `$key`, `$id`, `$fetched_at`, `$age` (in seconds) and `$incomplete` are set' -r
complete -c vlive -n "__fish_vlive_using_subcommand find" -l id -d 'Find exactly this row, wherever it is cached' -r
complete -c vlive -n "__fish_vlive_using_subcommand find" -l field -d 'Search only the values of this field' -r
complete -c vlive -n "__fish_vlive_using_subcommand find" -l limit -d 'Print no more than N matches' -r
complete -c vlive -n "__fish_vlive_using_subcommand find" -l stale -d 'In colour, ages of at least this are bold red, and ages below a 24th of it dim green' -r
complete -c vlive -n "__fish_vlive_using_subcommand find" -l format -d 'The output format' -r -f -a "table\t'Aligned columns, for people'
json\t'A JSON document: an array of objects, or one object'
jsonl\t'An object on each line'
csv\t'Comma-separated values'
tsv\t'Tab-separated values'
markdown\t'A Markdown table'"
complete -c vlive -n "__fish_vlive_using_subcommand find" -s o -l output -d 'Write to a file, which appears once it is complete; without --format its extension chooses the format' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand find" -s C -l folder -d 'The folder of the cache, or its redb file [default: `VLIVE_FOLDER`, or else the current folder]. Other paths stay relative to the current folder' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand find" -l wait -d 'How long to keep trying, such as `10s` or `10`: to write while the cache is in use (default: not at all), or to read a consistent state while an app writes (default: 5s)' -r
complete -c vlive -n "__fish_vlive_using_subcommand find" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; `CLICOLOR_FORCE` colours elsewhere too'
always\t'Everywhere'
never\t'Nowhere'"
complete -c vlive -n "__fish_vlive_using_subcommand find" -l exact -d 'Match a SELECTION with a `/` exactly, as dump, show, find, diff, watch and edit do by default'
complete -c vlive -n "__fish_vlive_using_subcommand find" -l prefix -d 'Match every key that begins with a SELECTION with a `/`, as ls, ages, browse, touch and invalidate do by default; of a diorama set every row whose id begins with what follows the `/`, which only this option matches'
complete -c vlive -n "__fish_vlive_using_subcommand find" -s 0 -l null -d 'Separate keys by NUL instead of line feeds, for --keys-from and --keys'
complete -c vlive -n "__fish_vlive_using_subcommand find" -s i -l ignore-case -d 'Ignore case'
complete -c vlive -n "__fish_vlive_using_subcommand find" -s e -l regexp -d 'Treat PATTERN as a regular expression, in the syntax of Rust\'s regex crate'
complete -c vlive -n "__fish_vlive_using_subcommand find" -l keys -d 'Print only full keys, one per line, in the form that --keys-from reads'
complete -c vlive -n "__fish_vlive_using_subcommand find" -l count -d 'Print only the number of matches'
complete -c vlive -n "__fish_vlive_using_subcommand find" -l json -d 'Short for `--format json`'
complete -c vlive -n "__fish_vlive_using_subcommand find" -l no-pager -d 'Do not use a pager; without this it is `VLIVE_PAGER`, or else `PAGER`, or else `less -FRX`'
complete -c vlive -n "__fish_vlive_using_subcommand find" -s q -l quiet -d 'Print only data and errors'
complete -c vlive -n "__fish_vlive_using_subcommand find" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vlive -n "__fish_vlive_using_subcommand find" -s V -l version -d 'Print version'
complete -c vlive -n "__fish_vlive_using_subcommand ages" -l older-than -d 'Only entries fetched before this time, or longer ago than this duration, such as `7d`' -r
complete -c vlive -n "__fish_vlive_using_subcommand ages" -l newer-than -d 'Only entries fetched after this time, or within this duration; entries dated in the future count as newer than any other' -r
complete -c vlive -n "__fish_vlive_using_subcommand ages" -l keys-from -d 'Select the full keys and sets that a file names exactly, one per line; `-` is standard input' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand ages" -l sort -d 'Sort by key (the default), by age (oldest first), or by size or rows (largest first)' -r -f -a "key\t''
age\t''
size\t''
rows\t''"
complete -c vlive -n "__fish_vlive_using_subcommand ages" -l limit -d 'Show at most N rows' -r
complete -c vlive -n "__fish_vlive_using_subcommand ages" -l stale -d 'In colour, ages of at least this are bold red, and ages below a 24th of it dim green' -r
complete -c vlive -n "__fish_vlive_using_subcommand ages" -l format -d 'The output format' -r -f -a "table\t'Aligned columns, for people'
json\t'A JSON document: an array of objects, or one object'
jsonl\t'An object on each line'
csv\t'Comma-separated values'
tsv\t'Tab-separated values'
markdown\t'A Markdown table'"
complete -c vlive -n "__fish_vlive_using_subcommand ages" -s o -l output -d 'Write to a file, which appears once it is complete; without --format its extension chooses the format' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand ages" -s C -l folder -d 'The folder of the cache, or its redb file [default: `VLIVE_FOLDER`, or else the current folder]. Other paths stay relative to the current folder' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand ages" -l wait -d 'How long to keep trying, such as `10s` or `10`: to write while the cache is in use (default: not at all), or to read a consistent state while an app writes (default: 5s)' -r
complete -c vlive -n "__fish_vlive_using_subcommand ages" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; `CLICOLOR_FORCE` colours elsewhere too'
always\t'Everywhere'
never\t'Nowhere'"
complete -c vlive -n "__fish_vlive_using_subcommand ages" -l exact -d 'Match a SELECTION with a `/` exactly, as dump, show, find, diff, watch and edit do by default'
complete -c vlive -n "__fish_vlive_using_subcommand ages" -l prefix -d 'Match every key that begins with a SELECTION with a `/`, as ls, ages, browse, touch and invalidate do by default; of a diorama set every row whose id begins with what follows the `/`, which only this option matches'
complete -c vlive -n "__fish_vlive_using_subcommand ages" -s 0 -l null -d 'Separate keys by NUL instead of line feeds, for --keys-from and --keys'
complete -c vlive -n "__fish_vlive_using_subcommand ages" -l reverse -d 'Reverse the order'
complete -c vlive -n "__fish_vlive_using_subcommand ages" -l keys -d 'Print only full keys, one per line, in the form that --keys-from reads'
complete -c vlive -n "__fish_vlive_using_subcommand ages" -l histogram -d 'Draw a histogram of ages instead of the list'
complete -c vlive -n "__fish_vlive_using_subcommand ages" -l json -d 'Short for `--format json`'
complete -c vlive -n "__fish_vlive_using_subcommand ages" -l no-pager -d 'Do not use a pager; without this it is `VLIVE_PAGER`, or else `PAGER`, or else `less -FRX`'
complete -c vlive -n "__fish_vlive_using_subcommand ages" -s q -l quiet -d 'Print only data and errors'
complete -c vlive -n "__fish_vlive_using_subcommand ages" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vlive -n "__fish_vlive_using_subcommand ages" -s V -l version -d 'Print version'
complete -c vlive -n "__fish_vlive_using_subcommand diff" -l older-than -d 'Only entries fetched before this time, or longer ago than this duration, such as `7d`' -r
complete -c vlive -n "__fish_vlive_using_subcommand diff" -l newer-than -d 'Only entries fetched after this time, or within this duration; entries dated in the future count as newer than any other' -r
complete -c vlive -n "__fish_vlive_using_subcommand diff" -l keys-from -d 'Select the full keys and sets that a file names exactly, one per line; `-` is standard input' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand diff" -l id-field -d 'For rows in an array: the field that holds the row id, which is text or a whole number' -r
complete -c vlive -n "__fish_vlive_using_subcommand diff" -l format -d 'The output format' -r -f -a "table\t'Aligned columns, for people'
json\t'A JSON document: an array of objects, or one object'
jsonl\t'An object on each line'
csv\t'Comma-separated values'
tsv\t'Tab-separated values'
markdown\t'A Markdown table'"
complete -c vlive -n "__fish_vlive_using_subcommand diff" -s o -l output -d 'Write to a file, which appears once it is complete; without --format its extension chooses the format' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand diff" -s C -l folder -d 'The folder of the cache, or its redb file [default: `VLIVE_FOLDER`, or else the current folder]. Other paths stay relative to the current folder' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand diff" -l wait -d 'How long to keep trying, such as `10s` or `10`: to write while the cache is in use (default: not at all), or to read a consistent state while an app writes (default: 5s)' -r
complete -c vlive -n "__fish_vlive_using_subcommand diff" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; `CLICOLOR_FORCE` colours elsewhere too'
always\t'Everywhere'
never\t'Nowhere'"
complete -c vlive -n "__fish_vlive_using_subcommand diff" -l exact -d 'Match a SELECTION with a `/` exactly, as dump, show, find, diff, watch and edit do by default'
complete -c vlive -n "__fish_vlive_using_subcommand diff" -l prefix -d 'Match every key that begins with a SELECTION with a `/`, as ls, ages, browse, touch and invalidate do by default; of a diorama set every row whose id begins with what follows the `/`, which only this option matches'
complete -c vlive -n "__fish_vlive_using_subcommand diff" -s 0 -l null -d 'Separate keys by NUL instead of line feeds, for --keys-from and --keys'
complete -c vlive -n "__fish_vlive_using_subcommand diff" -l fetched-at -d 'Compare the times of entries as well, if both sides have one'
complete -c vlive -n "__fish_vlive_using_subcommand diff" -l order -d 'Compare the order of rows and fields as well'
complete -c vlive -n "__fish_vlive_using_subcommand diff" -l stat -d 'Show counts for each cache key'
complete -c vlive -n "__fish_vlive_using_subcommand diff" -l json -d 'Short for `--format json`'
complete -c vlive -n "__fish_vlive_using_subcommand diff" -l no-pager -d 'Do not use a pager; without this it is `VLIVE_PAGER`, or else `PAGER`, or else `less -FRX`'
complete -c vlive -n "__fish_vlive_using_subcommand diff" -s q -l quiet -d 'Print only data and errors'
complete -c vlive -n "__fish_vlive_using_subcommand diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vlive -n "__fish_vlive_using_subcommand diff" -s V -l version -d 'Print version'
complete -c vlive -n "__fish_vlive_using_subcommand check" -l format -d 'The output format' -r -f -a "table\t'Aligned columns, for people'
json\t'A JSON document: an array of objects, or one object'
jsonl\t'An object on each line'
csv\t'Comma-separated values'
tsv\t'Tab-separated values'
markdown\t'A Markdown table'"
complete -c vlive -n "__fish_vlive_using_subcommand check" -s o -l output -d 'Write to a file, which appears once it is complete; without --format its extension chooses the format' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand check" -s C -l folder -d 'The folder of the cache, or its redb file [default: `VLIVE_FOLDER`, or else the current folder]. Other paths stay relative to the current folder' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand check" -l wait -d 'How long to keep trying, such as `10s` or `10`: to write while the cache is in use (default: not at all), or to read a consistent state while an app writes (default: 5s)' -r
complete -c vlive -n "__fish_vlive_using_subcommand check" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; `CLICOLOR_FORCE` colours elsewhere too'
always\t'Everywhere'
never\t'Nowhere'"
complete -c vlive -n "__fish_vlive_using_subcommand check" -l deep -d 'Add redb\'s own integrity check, on a private copy of the file'
complete -c vlive -n "__fish_vlive_using_subcommand check" -l json -d 'Short for `--format json`'
complete -c vlive -n "__fish_vlive_using_subcommand check" -l no-pager -d 'Do not use a pager; without this it is `VLIVE_PAGER`, or else `PAGER`, or else `less -FRX`'
complete -c vlive -n "__fish_vlive_using_subcommand check" -s q -l quiet -d 'Print only data and errors'
complete -c vlive -n "__fish_vlive_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vlive -n "__fish_vlive_using_subcommand check" -s V -l version -d 'Print version'
complete -c vlive -n "__fish_vlive_using_subcommand watch" -l older-than -d 'Only entries fetched before this time, or longer ago than this duration, such as `7d`' -r
complete -c vlive -n "__fish_vlive_using_subcommand watch" -l newer-than -d 'Only entries fetched after this time, or within this duration; entries dated in the future count as newer than any other' -r
complete -c vlive -n "__fish_vlive_using_subcommand watch" -l keys-from -d 'Select the full keys and sets that a file names exactly, one per line; `-` is standard input' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand watch" -l where -d 'Only rows for which this jq filter is true, such as \'.balance > 1000 and .active\'; `$key`, `$id`, `$fetched_at`, `$age` (in seconds) and `$incomplete` are set' -r
complete -c vlive -n "__fish_vlive_using_subcommand watch" -l for -d 'End after this long, such as `30s`; with status 1 if what --until or --exit-on waits for has not happened' -r
complete -c vlive -n "__fish_vlive_using_subcommand watch" -l until -d 'End once this has happened to one entry or row, such as `added:clients/page_1`, which is watched even if it is not selected; `any:clients/page_1` is any event. With --initial what exists already counts as added' -r
complete -c vlive -n "__fish_vlive_using_subcommand watch" -l exit-on -d 'End after the first event of this kind: added, replaced, touched, removed or any' -r
complete -c vlive -n "__fish_vlive_using_subcommand watch" -l record -d 'Save every version of the reported entries in this folder, in a folder for each commit that `vlive load` and `vlive diff` read' -r -f -a "(__fish_complete_directories)"
complete -c vlive -n "__fish_vlive_using_subcommand watch" -l format -d 'The output format' -r -f -a "text\t'Words, for people'
jsonl\t'An object for each event, on a line of its own'"
complete -c vlive -n "__fish_vlive_using_subcommand watch" -s C -l folder -d 'The folder of the cache, or its redb file [default: `VLIVE_FOLDER`, or else the current folder]. Other paths stay relative to the current folder' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand watch" -l wait -d 'How long to keep trying, such as `10s` or `10`: to write while the cache is in use (default: not at all), or to read a consistent state while an app writes (default: 5s)' -r
complete -c vlive -n "__fish_vlive_using_subcommand watch" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; `CLICOLOR_FORCE` colours elsewhere too'
always\t'Everywhere'
never\t'Nowhere'"
complete -c vlive -n "__fish_vlive_using_subcommand watch" -l exact -d 'Match a SELECTION with a `/` exactly, as dump, show, find, diff, watch and edit do by default'
complete -c vlive -n "__fish_vlive_using_subcommand watch" -l prefix -d 'Match every key that begins with a SELECTION with a `/`, as ls, ages, browse, touch and invalidate do by default; of a diorama set every row whose id begins with what follows the `/`, which only this option matches'
complete -c vlive -n "__fish_vlive_using_subcommand watch" -s 0 -l null -d 'Separate keys by NUL instead of line feeds, for --keys-from and --keys'
complete -c vlive -n "__fish_vlive_using_subcommand watch" -l initial -d 'Begin with the entries that exist, as if they had just been added'
complete -c vlive -n "__fish_vlive_using_subcommand watch" -l diff -d 'Show the rows and fields that changed, as `vlive diff` does'
complete -c vlive -n "__fish_vlive_using_subcommand watch" -l raw -d 'Add the bytes of each new value to its JSON, so that the lines can be replayed; of a set those of the rows that differ, null for a row that is gone'
complete -c vlive -n "__fish_vlive_using_subcommand watch" -l json -d 'Short for `--format jsonl`'
complete -c vlive -n "__fish_vlive_using_subcommand watch" -l no-pager -d 'Do not use a pager; without this it is `VLIVE_PAGER`, or else `PAGER`, or else `less -FRX`'
complete -c vlive -n "__fish_vlive_using_subcommand watch" -s q -l quiet -d 'Print only data and errors'
complete -c vlive -n "__fish_vlive_using_subcommand watch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vlive -n "__fish_vlive_using_subcommand watch" -s V -l version -d 'Print version'
complete -c vlive -n "__fish_vlive_using_subcommand browse" -l older-than -d 'Only entries fetched before this time, or longer ago than this duration, such as `7d`' -r
complete -c vlive -n "__fish_vlive_using_subcommand browse" -l newer-than -d 'Only entries fetched after this time, or within this duration; entries dated in the future count as newer than any other' -r
complete -c vlive -n "__fish_vlive_using_subcommand browse" -l keys-from -d 'Select the full keys and sets that a file names exactly, one per line; `-` is standard input' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand browse" -s C -l folder -d 'The folder of the cache, or its redb file [default: `VLIVE_FOLDER`, or else the current folder]. Other paths stay relative to the current folder' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand browse" -l wait -d 'How long to keep trying, such as `10s` or `10`: to write while the cache is in use (default: not at all), or to read a consistent state while an app writes (default: 5s)' -r
complete -c vlive -n "__fish_vlive_using_subcommand browse" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; `CLICOLOR_FORCE` colours elsewhere too'
always\t'Everywhere'
never\t'Nowhere'"
complete -c vlive -n "__fish_vlive_using_subcommand browse" -l exact -d 'Match a SELECTION with a `/` exactly, as dump, show, find, diff, watch and edit do by default'
complete -c vlive -n "__fish_vlive_using_subcommand browse" -l prefix -d 'Match every key that begins with a SELECTION with a `/`, as ls, ages, browse, touch and invalidate do by default; of a diorama set every row whose id begins with what follows the `/`, which only this option matches'
complete -c vlive -n "__fish_vlive_using_subcommand browse" -s 0 -l null -d 'Separate keys by NUL instead of line feeds, for --keys-from and --keys'
complete -c vlive -n "__fish_vlive_using_subcommand browse" -l no-pager -d 'Do not use a pager; without this it is `VLIVE_PAGER`, or else `PAGER`, or else `less -FRX`'
complete -c vlive -n "__fish_vlive_using_subcommand browse" -s q -l quiet -d 'Print only data and errors'
complete -c vlive -n "__fish_vlive_using_subcommand browse" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vlive -n "__fish_vlive_using_subcommand browse" -s V -l version -d 'Print version'
complete -c vlive -n "__fish_vlive_using_subcommand where" -l depth -d 'How many folders deep to search; 0 searches only the files of each ROOT' -r
complete -c vlive -n "__fish_vlive_using_subcommand where" -l timeout -d 'Stop searching after this long' -r
complete -c vlive -n "__fish_vlive_using_subcommand where" -l stale -d 'In colour, ages of at least this are bold red, and ages below a 24th of it dim green' -r
complete -c vlive -n "__fish_vlive_using_subcommand where" -l format -d 'The output format' -r -f -a "table\t'Aligned columns, for people'
json\t'A JSON document: an array of objects, or one object'
jsonl\t'An object on each line'
csv\t'Comma-separated values'
tsv\t'Tab-separated values'
markdown\t'A Markdown table'"
complete -c vlive -n "__fish_vlive_using_subcommand where" -s o -l output -d 'Write to a file, which appears once it is complete; without --format its extension chooses the format' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand where" -s C -l folder -d 'The folder of the cache, or its redb file [default: `VLIVE_FOLDER`, or else the current folder]. Other paths stay relative to the current folder' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand where" -l wait -d 'How long to keep trying, such as `10s` or `10`: to write while the cache is in use (default: not at all), or to read a consistent state while an app writes (default: 5s)' -r
complete -c vlive -n "__fish_vlive_using_subcommand where" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; `CLICOLOR_FORCE` colours elsewhere too'
always\t'Everywhere'
never\t'Nowhere'"
complete -c vlive -n "__fish_vlive_using_subcommand where" -l json -d 'Short for `--format json`'
complete -c vlive -n "__fish_vlive_using_subcommand where" -l no-pager -d 'Do not use a pager; without this it is `VLIVE_PAGER`, or else `PAGER`, or else `less -FRX`'
complete -c vlive -n "__fish_vlive_using_subcommand where" -s q -l quiet -d 'Print only data and errors'
complete -c vlive -n "__fish_vlive_using_subcommand where" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vlive -n "__fish_vlive_using_subcommand where" -s V -l version -d 'Print version'
complete -c vlive -n "__fish_vlive_using_subcommand stat" -l stale -d 'In colour, ages of at least this are bold red, and ages below a 24th of it dim green' -r
complete -c vlive -n "__fish_vlive_using_subcommand stat" -l format -d 'The output format' -r -f -a "table\t'Aligned columns, for people'
json\t'A JSON document: an array of objects, or one object'
jsonl\t'An object on each line'
csv\t'Comma-separated values'
tsv\t'Tab-separated values'
markdown\t'A Markdown table'"
complete -c vlive -n "__fish_vlive_using_subcommand stat" -s o -l output -d 'Write to a file, which appears once it is complete; without --format its extension chooses the format' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand stat" -s C -l folder -d 'The folder of the cache, or its redb file [default: `VLIVE_FOLDER`, or else the current folder]. Other paths stay relative to the current folder' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand stat" -l wait -d 'How long to keep trying, such as `10s` or `10`: to write while the cache is in use (default: not at all), or to read a consistent state while an app writes (default: 5s)' -r
complete -c vlive -n "__fish_vlive_using_subcommand stat" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; `CLICOLOR_FORCE` colours elsewhere too'
always\t'Everywhere'
never\t'Nowhere'"
complete -c vlive -n "__fish_vlive_using_subcommand stat" -l quick -d 'Show only what the file records about itself; no entry is read'
complete -c vlive -n "__fish_vlive_using_subcommand stat" -l json -d 'Short for `--format json`'
complete -c vlive -n "__fish_vlive_using_subcommand stat" -l no-pager -d 'Do not use a pager; without this it is `VLIVE_PAGER`, or else `PAGER`, or else `less -FRX`'
complete -c vlive -n "__fish_vlive_using_subcommand stat" -s q -l quiet -d 'Print only data and errors'
complete -c vlive -n "__fish_vlive_using_subcommand stat" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vlive -n "__fish_vlive_using_subcommand stat" -s V -l version -d 'Print version'
complete -c vlive -n "__fish_vlive_using_subcommand stats" -l stale -d 'In colour, ages of at least this are bold red, and ages below a 24th of it dim green' -r
complete -c vlive -n "__fish_vlive_using_subcommand stats" -l format -d 'The output format' -r -f -a "table\t'Aligned columns, for people'
json\t'A JSON document: an array of objects, or one object'
jsonl\t'An object on each line'
csv\t'Comma-separated values'
tsv\t'Tab-separated values'
markdown\t'A Markdown table'"
complete -c vlive -n "__fish_vlive_using_subcommand stats" -s o -l output -d 'Write to a file, which appears once it is complete; without --format its extension chooses the format' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand stats" -s C -l folder -d 'The folder of the cache, or its redb file [default: `VLIVE_FOLDER`, or else the current folder]. Other paths stay relative to the current folder' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand stats" -l wait -d 'How long to keep trying, such as `10s` or `10`: to write while the cache is in use (default: not at all), or to read a consistent state while an app writes (default: 5s)' -r
complete -c vlive -n "__fish_vlive_using_subcommand stats" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; `CLICOLOR_FORCE` colours elsewhere too'
always\t'Everywhere'
never\t'Nowhere'"
complete -c vlive -n "__fish_vlive_using_subcommand stats" -l quick -d 'Show only what the file records about itself; no entry is read'
complete -c vlive -n "__fish_vlive_using_subcommand stats" -l json -d 'Short for `--format json`'
complete -c vlive -n "__fish_vlive_using_subcommand stats" -l no-pager -d 'Do not use a pager; without this it is `VLIVE_PAGER`, or else `PAGER`, or else `less -FRX`'
complete -c vlive -n "__fish_vlive_using_subcommand stats" -s q -l quiet -d 'Print only data and errors'
complete -c vlive -n "__fish_vlive_using_subcommand stats" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vlive -n "__fish_vlive_using_subcommand stats" -s V -l version -d 'Print version'
complete -c vlive -n "__fish_vlive_using_subcommand salvage" -l into -d 'The folder of the new cache, which must not contain one yet' -r -f -a "(__fish_complete_directories)"
complete -c vlive -n "__fish_vlive_using_subcommand salvage" -l format -d 'The output format' -r -f -a "text\t'Words, for people'
json\t'An object'"
complete -c vlive -n "__fish_vlive_using_subcommand salvage" -s C -l folder -d 'The folder of the cache, or its redb file [default: `VLIVE_FOLDER`, or else the current folder]. Other paths stay relative to the current folder' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand salvage" -l wait -d 'How long to keep trying, such as `10s` or `10`: to write while the cache is in use (default: not at all), or to read a consistent state while an app writes (default: 5s)' -r
complete -c vlive -n "__fish_vlive_using_subcommand salvage" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; `CLICOLOR_FORCE` colours elsewhere too'
always\t'Everywhere'
never\t'Nowhere'"
complete -c vlive -n "__fish_vlive_using_subcommand salvage" -l json -d 'Short for `--format json`'
complete -c vlive -n "__fish_vlive_using_subcommand salvage" -l no-pager -d 'Do not use a pager; without this it is `VLIVE_PAGER`, or else `PAGER`, or else `less -FRX`'
complete -c vlive -n "__fish_vlive_using_subcommand salvage" -s q -l quiet -d 'Print only data and errors'
complete -c vlive -n "__fish_vlive_using_subcommand salvage" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vlive -n "__fish_vlive_using_subcommand salvage" -s V -l version -d 'Print version'
complete -c vlive -n "__fish_vlive_using_subcommand put" -l id-field -d 'For rows in an array: the field that holds the row id, which is text or a whole number' -r
complete -c vlive -n "__fish_vlive_using_subcommand put" -l as -d 'Write entries in this layout, and convert those of the other one; refused if more than fractions of a second would be lost [default: the layout that an entry names, or else that of the cache]' -r -f -a "live\t'Entries of vantage-live'
diorama\t'Sets of vantage-diorama'"
complete -c vlive -n "__fish_vlive_using_subcommand put" -l fetched-at -d 'When the rows were fetched: RFC 3339, a date such as `2026-11-01`, or seconds since 1970, with or without `@`; diorama keeps nanoseconds, vantage-live whole seconds' -r
complete -c vlive -n "__fish_vlive_using_subcommand put" -l age -d 'How long ago the rows were fetched, such as `3h 12m`, or in seconds' -r
complete -c vlive -n "__fish_vlive_using_subcommand put" -l backup -d 'First save what will be replaced or removed to a new file; `vlive load` restores it' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand put" -l format -d 'The output format' -r -f -a "text\t'Words, for people'
json\t'An object'"
complete -c vlive -n "__fish_vlive_using_subcommand put" -s C -l folder -d 'The folder of the cache, or its redb file [default: `VLIVE_FOLDER`, or else the current folder]. Other paths stay relative to the current folder' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand put" -l wait -d 'How long to keep trying, such as `10s` or `10`: to write while the cache is in use (default: not at all), or to read a consistent state while an app writes (default: 5s)' -r
complete -c vlive -n "__fish_vlive_using_subcommand put" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; `CLICOLOR_FORCE` colours elsewhere too'
always\t'Everywhere'
never\t'Nowhere'"
complete -c vlive -n "__fish_vlive_using_subcommand put" -s n -l dry-run -d 'Print what would change, without changing it or taking the lock'
complete -c vlive -n "__fish_vlive_using_subcommand put" -l json -d 'Short for `--format json`'
complete -c vlive -n "__fish_vlive_using_subcommand put" -l no-pager -d 'Do not use a pager; without this it is `VLIVE_PAGER`, or else `PAGER`, or else `less -FRX`'
complete -c vlive -n "__fish_vlive_using_subcommand put" -s q -l quiet -d 'Print only data and errors'
complete -c vlive -n "__fish_vlive_using_subcommand put" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vlive -n "__fish_vlive_using_subcommand put" -s V -l version -d 'Print version'
complete -c vlive -n "__fish_vlive_using_subcommand load" -l id-field -d 'For rows in an array: the field that holds the row id, which is text or a whole number' -r
complete -c vlive -n "__fish_vlive_using_subcommand load" -l as -d 'Write entries in this layout, and convert those of the other one; refused if more than fractions of a second would be lost [default: the layout that an entry names, or else that of the cache]' -r -f -a "live\t'Entries of vantage-live'
diorama\t'Sets of vantage-diorama'"
complete -c vlive -n "__fish_vlive_using_subcommand load" -l fetched-at -d 'When the rows were fetched: RFC 3339, a date such as `2026-11-01`, or seconds since 1970, with or without `@`; diorama keeps nanoseconds, vantage-live whole seconds' -r
complete -c vlive -n "__fish_vlive_using_subcommand load" -l age -d 'How long ago the rows were fetched, such as `3h 12m`, or in seconds' -r
complete -c vlive -n "__fish_vlive_using_subcommand load" -l backup -d 'First save what will be replaced or removed to a new file; `vlive load` restores it' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand load" -l format -d 'The output format' -r -f -a "text\t'Words, for people'
json\t'An object'"
complete -c vlive -n "__fish_vlive_using_subcommand load" -s C -l folder -d 'The folder of the cache, or its redb file [default: `VLIVE_FOLDER`, or else the current folder]. Other paths stay relative to the current folder' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand load" -l wait -d 'How long to keep trying, such as `10s` or `10`: to write while the cache is in use (default: not at all), or to read a consistent state while an app writes (default: 5s)' -r
complete -c vlive -n "__fish_vlive_using_subcommand load" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; `CLICOLOR_FORCE` colours elsewhere too'
always\t'Everywhere'
never\t'Nowhere'"
complete -c vlive -n "__fish_vlive_using_subcommand load" -l replace -d 'First empty every cache key that the sources name'
complete -c vlive -n "__fish_vlive_using_subcommand load" -l clear -d 'First empty the whole cache; tables of other programs are left alone'
complete -c vlive -n "__fish_vlive_using_subcommand load" -s n -l dry-run -d 'Print what would change, without changing it or taking the lock'
complete -c vlive -n "__fish_vlive_using_subcommand load" -l json -d 'Short for `--format json`'
complete -c vlive -n "__fish_vlive_using_subcommand load" -l no-pager -d 'Do not use a pager; without this it is `VLIVE_PAGER`, or else `PAGER`, or else `less -FRX`'
complete -c vlive -n "__fish_vlive_using_subcommand load" -s q -l quiet -d 'Print only data and errors'
complete -c vlive -n "__fish_vlive_using_subcommand load" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vlive -n "__fish_vlive_using_subcommand load" -s V -l version -d 'Print version'
complete -c vlive -n "__fish_vlive_using_subcommand import" -l id-field -d 'For rows in an array: the field that holds the row id, which is text or a whole number' -r
complete -c vlive -n "__fish_vlive_using_subcommand import" -l as -d 'Write entries in this layout, and convert those of the other one; refused if more than fractions of a second would be lost [default: the layout that an entry names, or else that of the cache]' -r -f -a "live\t'Entries of vantage-live'
diorama\t'Sets of vantage-diorama'"
complete -c vlive -n "__fish_vlive_using_subcommand import" -l fetched-at -d 'When the rows were fetched: RFC 3339, a date such as `2026-11-01`, or seconds since 1970, with or without `@`; diorama keeps nanoseconds, vantage-live whole seconds' -r
complete -c vlive -n "__fish_vlive_using_subcommand import" -l age -d 'How long ago the rows were fetched, such as `3h 12m`, or in seconds' -r
complete -c vlive -n "__fish_vlive_using_subcommand import" -l backup -d 'First save what will be replaced or removed to a new file; `vlive load` restores it' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand import" -l format -d 'The output format' -r -f -a "text\t'Words, for people'
json\t'An object'"
complete -c vlive -n "__fish_vlive_using_subcommand import" -s C -l folder -d 'The folder of the cache, or its redb file [default: `VLIVE_FOLDER`, or else the current folder]. Other paths stay relative to the current folder' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand import" -l wait -d 'How long to keep trying, such as `10s` or `10`: to write while the cache is in use (default: not at all), or to read a consistent state while an app writes (default: 5s)' -r
complete -c vlive -n "__fish_vlive_using_subcommand import" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; `CLICOLOR_FORCE` colours elsewhere too'
always\t'Everywhere'
never\t'Nowhere'"
complete -c vlive -n "__fish_vlive_using_subcommand import" -l replace -d 'First empty every cache key that the sources name'
complete -c vlive -n "__fish_vlive_using_subcommand import" -l clear -d 'First empty the whole cache; tables of other programs are left alone'
complete -c vlive -n "__fish_vlive_using_subcommand import" -s n -l dry-run -d 'Print what would change, without changing it or taking the lock'
complete -c vlive -n "__fish_vlive_using_subcommand import" -l json -d 'Short for `--format json`'
complete -c vlive -n "__fish_vlive_using_subcommand import" -l no-pager -d 'Do not use a pager; without this it is `VLIVE_PAGER`, or else `PAGER`, or else `less -FRX`'
complete -c vlive -n "__fish_vlive_using_subcommand import" -s q -l quiet -d 'Print only data and errors'
complete -c vlive -n "__fish_vlive_using_subcommand import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vlive -n "__fish_vlive_using_subcommand import" -s V -l version -d 'Print version'
complete -c vlive -n "__fish_vlive_using_subcommand edit" -l older-than -d 'Only entries fetched before this time, or longer ago than this duration, such as `7d`' -r
complete -c vlive -n "__fish_vlive_using_subcommand edit" -l newer-than -d 'Only entries fetched after this time, or within this duration; entries dated in the future count as newer than any other' -r
complete -c vlive -n "__fish_vlive_using_subcommand edit" -l keys-from -d 'Select the full keys and sets that a file names exactly, one per line; `-` is standard input' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand edit" -l apply -d 'Change the selected entries by this jq filter' -r
complete -c vlive -n "__fish_vlive_using_subcommand edit" -l backup -d 'First save what will be replaced or removed to a new file; `vlive load` restores it' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand edit" -l format -d 'The output format' -r -f -a "text\t'Words, for people'
json\t'An object'"
complete -c vlive -n "__fish_vlive_using_subcommand edit" -s C -l folder -d 'The folder of the cache, or its redb file [default: `VLIVE_FOLDER`, or else the current folder]. Other paths stay relative to the current folder' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand edit" -l wait -d 'How long to keep trying, such as `10s` or `10`: to write while the cache is in use (default: not at all), or to read a consistent state while an app writes (default: 5s)' -r
complete -c vlive -n "__fish_vlive_using_subcommand edit" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; `CLICOLOR_FORCE` colours elsewhere too'
always\t'Everywhere'
never\t'Nowhere'"
complete -c vlive -n "__fish_vlive_using_subcommand edit" -l exact -d 'Match a SELECTION with a `/` exactly, as dump, show, find, diff, watch and edit do by default'
complete -c vlive -n "__fish_vlive_using_subcommand edit" -l prefix -d 'Match every key that begins with a SELECTION with a `/`, as ls, ages, browse, touch and invalidate do by default; of a diorama set every row whose id begins with what follows the `/`, which only this option matches'
complete -c vlive -n "__fish_vlive_using_subcommand edit" -s 0 -l null -d 'Separate keys by NUL instead of line feeds, for --keys-from and --keys'
complete -c vlive -n "__fish_vlive_using_subcommand edit" -l all -d 'Apply the filter to every entry of every cache key'
complete -c vlive -n "__fish_vlive_using_subcommand edit" -s n -l dry-run -d 'Print what would change, without changing it or taking the lock'
complete -c vlive -n "__fish_vlive_using_subcommand edit" -l json -d 'Short for `--format json`'
complete -c vlive -n "__fish_vlive_using_subcommand edit" -l no-pager -d 'Do not use a pager; without this it is `VLIVE_PAGER`, or else `PAGER`, or else `less -FRX`'
complete -c vlive -n "__fish_vlive_using_subcommand edit" -s q -l quiet -d 'Print only data and errors'
complete -c vlive -n "__fish_vlive_using_subcommand edit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vlive -n "__fish_vlive_using_subcommand edit" -s V -l version -d 'Print version'
complete -c vlive -n "__fish_vlive_using_subcommand touch" -l older-than -d 'Only entries fetched before this time, or longer ago than this duration, such as `7d`' -r
complete -c vlive -n "__fish_vlive_using_subcommand touch" -l newer-than -d 'Only entries fetched after this time, or within this duration; entries dated in the future count as newer than any other' -r
complete -c vlive -n "__fish_vlive_using_subcommand touch" -l keys-from -d 'Select the full keys and sets that a file names exactly, one per line; `-` is standard input' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand touch" -l fetched-at -d 'When the rows were fetched: RFC 3339, a date such as `2026-11-01`, or seconds since 1970, with or without `@`; diorama keeps nanoseconds, vantage-live whole seconds' -r
complete -c vlive -n "__fish_vlive_using_subcommand touch" -l age -d 'How long ago the rows were fetched, such as `3h 12m`, or in seconds' -r
complete -c vlive -n "__fish_vlive_using_subcommand touch" -l backup -d 'First save what will be replaced or removed to a new file; `vlive load` restores it' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand touch" -l format -d 'The output format' -r -f -a "text\t'Words, for people'
json\t'An object'"
complete -c vlive -n "__fish_vlive_using_subcommand touch" -s C -l folder -d 'The folder of the cache, or its redb file [default: `VLIVE_FOLDER`, or else the current folder]. Other paths stay relative to the current folder' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand touch" -l wait -d 'How long to keep trying, such as `10s` or `10`: to write while the cache is in use (default: not at all), or to read a consistent state while an app writes (default: 5s)' -r
complete -c vlive -n "__fish_vlive_using_subcommand touch" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; `CLICOLOR_FORCE` colours elsewhere too'
always\t'Everywhere'
never\t'Nowhere'"
complete -c vlive -n "__fish_vlive_using_subcommand touch" -l exact -d 'Match a SELECTION with a `/` exactly, as dump, show, find, diff, watch and edit do by default'
complete -c vlive -n "__fish_vlive_using_subcommand touch" -l prefix -d 'Match every key that begins with a SELECTION with a `/`, as ls, ages, browse, touch and invalidate do by default; of a diorama set every row whose id begins with what follows the `/`, which only this option matches'
complete -c vlive -n "__fish_vlive_using_subcommand touch" -s 0 -l null -d 'Separate keys by NUL instead of line feeds, for --keys-from and --keys'
complete -c vlive -n "__fish_vlive_using_subcommand touch" -l all -d 'Touch every entry; tables of other programs are left alone'
complete -c vlive -n "__fish_vlive_using_subcommand touch" -l narrowed -d 'With a set of diorama, also take its narrowed copies: with `clients` also `clients where team = red`'
complete -c vlive -n "__fish_vlive_using_subcommand touch" -s n -l dry-run -d 'Print what would change, without changing it or taking the lock'
complete -c vlive -n "__fish_vlive_using_subcommand touch" -l json -d 'Short for `--format json`'
complete -c vlive -n "__fish_vlive_using_subcommand touch" -l no-pager -d 'Do not use a pager; without this it is `VLIVE_PAGER`, or else `PAGER`, or else `less -FRX`'
complete -c vlive -n "__fish_vlive_using_subcommand touch" -s q -l quiet -d 'Print only data and errors'
complete -c vlive -n "__fish_vlive_using_subcommand touch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vlive -n "__fish_vlive_using_subcommand touch" -s V -l version -d 'Print version'
complete -c vlive -n "__fish_vlive_using_subcommand cp" -l from -d 'The folder or file of another cache to copy from' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand cp" -l backup -d 'First save what will be replaced or removed to a new file; `vlive load` restores it' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand cp" -l format -d 'The output format' -r -f -a "text\t'Words, for people'
json\t'An object'"
complete -c vlive -n "__fish_vlive_using_subcommand cp" -s C -l folder -d 'The folder of the cache, or its redb file [default: `VLIVE_FOLDER`, or else the current folder]. Other paths stay relative to the current folder' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand cp" -l wait -d 'How long to keep trying, such as `10s` or `10`: to write while the cache is in use (default: not at all), or to read a consistent state while an app writes (default: 5s)' -r
complete -c vlive -n "__fish_vlive_using_subcommand cp" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; `CLICOLOR_FORCE` colours elsewhere too'
always\t'Everywhere'
never\t'Nowhere'"
complete -c vlive -n "__fish_vlive_using_subcommand cp" -l exact -d 'FROM and TO are full keys (the default)'
complete -c vlive -n "__fish_vlive_using_subcommand cp" -l prefix -d 'Take every key that begins with FROM, and replace that part with TO'
complete -c vlive -n "__fish_vlive_using_subcommand cp" -l replace -d 'Replace entries that exist under the new keys'
complete -c vlive -n "__fish_vlive_using_subcommand cp" -s n -l dry-run -d 'Print what would change, without changing it or taking the lock'
complete -c vlive -n "__fish_vlive_using_subcommand cp" -l json -d 'Short for `--format json`'
complete -c vlive -n "__fish_vlive_using_subcommand cp" -l no-pager -d 'Do not use a pager; without this it is `VLIVE_PAGER`, or else `PAGER`, or else `less -FRX`'
complete -c vlive -n "__fish_vlive_using_subcommand cp" -s q -l quiet -d 'Print only data and errors'
complete -c vlive -n "__fish_vlive_using_subcommand cp" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vlive -n "__fish_vlive_using_subcommand cp" -s V -l version -d 'Print version'
complete -c vlive -n "__fish_vlive_using_subcommand mv" -l backup -d 'First save what will be replaced or removed to a new file; `vlive load` restores it' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand mv" -l format -d 'The output format' -r -f -a "text\t'Words, for people'
json\t'An object'"
complete -c vlive -n "__fish_vlive_using_subcommand mv" -s C -l folder -d 'The folder of the cache, or its redb file [default: `VLIVE_FOLDER`, or else the current folder]. Other paths stay relative to the current folder' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand mv" -l wait -d 'How long to keep trying, such as `10s` or `10`: to write while the cache is in use (default: not at all), or to read a consistent state while an app writes (default: 5s)' -r
complete -c vlive -n "__fish_vlive_using_subcommand mv" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; `CLICOLOR_FORCE` colours elsewhere too'
always\t'Everywhere'
never\t'Nowhere'"
complete -c vlive -n "__fish_vlive_using_subcommand mv" -l exact -d 'FROM and TO are full keys (the default)'
complete -c vlive -n "__fish_vlive_using_subcommand mv" -l prefix -d 'Take every key that begins with FROM, and replace that part with TO'
complete -c vlive -n "__fish_vlive_using_subcommand mv" -l replace -d 'Replace entries that exist under the new keys'
complete -c vlive -n "__fish_vlive_using_subcommand mv" -s n -l dry-run -d 'Print what would change, without changing it or taking the lock'
complete -c vlive -n "__fish_vlive_using_subcommand mv" -l json -d 'Short for `--format json`'
complete -c vlive -n "__fish_vlive_using_subcommand mv" -l no-pager -d 'Do not use a pager; without this it is `VLIVE_PAGER`, or else `PAGER`, or else `less -FRX`'
complete -c vlive -n "__fish_vlive_using_subcommand mv" -s q -l quiet -d 'Print only data and errors'
complete -c vlive -n "__fish_vlive_using_subcommand mv" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vlive -n "__fish_vlive_using_subcommand mv" -s V -l version -d 'Print version'
complete -c vlive -n "__fish_vlive_using_subcommand invalidate" -l older-than -d 'Only entries fetched before this time, or longer ago than this duration, such as `7d`' -r
complete -c vlive -n "__fish_vlive_using_subcommand invalidate" -l newer-than -d 'Only entries fetched after this time, or within this duration; entries dated in the future count as newer than any other' -r
complete -c vlive -n "__fish_vlive_using_subcommand invalidate" -l keys-from -d 'Select the full keys and sets that a file names exactly, one per line; `-` is standard input' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand invalidate" -l backup -d 'First save what will be replaced or removed to a new file; `vlive load` restores it' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand invalidate" -l format -d 'The output format' -r -f -a "text\t'Words, for people'
json\t'An object'"
complete -c vlive -n "__fish_vlive_using_subcommand invalidate" -s C -l folder -d 'The folder of the cache, or its redb file [default: `VLIVE_FOLDER`, or else the current folder]. Other paths stay relative to the current folder' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand invalidate" -l wait -d 'How long to keep trying, such as `10s` or `10`: to write while the cache is in use (default: not at all), or to read a consistent state while an app writes (default: 5s)' -r
complete -c vlive -n "__fish_vlive_using_subcommand invalidate" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; `CLICOLOR_FORCE` colours elsewhere too'
always\t'Everywhere'
never\t'Nowhere'"
complete -c vlive -n "__fish_vlive_using_subcommand invalidate" -l exact -d 'Match a SELECTION with a `/` exactly, as dump, show, find, diff, watch and edit do by default'
complete -c vlive -n "__fish_vlive_using_subcommand invalidate" -l prefix -d 'Match every key that begins with a SELECTION with a `/`, as ls, ages, browse, touch and invalidate do by default; of a diorama set every row whose id begins with what follows the `/`, which only this option matches'
complete -c vlive -n "__fish_vlive_using_subcommand invalidate" -s 0 -l null -d 'Separate keys by NUL instead of line feeds, for --keys-from and --keys'
complete -c vlive -n "__fish_vlive_using_subcommand invalidate" -l all -d 'Delete every entry; tables of other programs are left alone'
complete -c vlive -n "__fish_vlive_using_subcommand invalidate" -l unreadable -d 'With --older-than or --newer-than: also delete entries whose time cannot be read'
complete -c vlive -n "__fish_vlive_using_subcommand invalidate" -l narrowed -d 'With a set of diorama, also take its narrowed copies: with `clients` also `clients where team = red`'
complete -c vlive -n "__fish_vlive_using_subcommand invalidate" -s n -l dry-run -d 'Print what would change, without changing it or taking the lock'
complete -c vlive -n "__fish_vlive_using_subcommand invalidate" -l json -d 'Short for `--format json`'
complete -c vlive -n "__fish_vlive_using_subcommand invalidate" -l no-pager -d 'Do not use a pager; without this it is `VLIVE_PAGER`, or else `PAGER`, or else `less -FRX`'
complete -c vlive -n "__fish_vlive_using_subcommand invalidate" -s q -l quiet -d 'Print only data and errors'
complete -c vlive -n "__fish_vlive_using_subcommand invalidate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vlive -n "__fish_vlive_using_subcommand invalidate" -s V -l version -d 'Print version'
complete -c vlive -n "__fish_vlive_using_subcommand rm" -l older-than -d 'Only entries fetched before this time, or longer ago than this duration, such as `7d`' -r
complete -c vlive -n "__fish_vlive_using_subcommand rm" -l newer-than -d 'Only entries fetched after this time, or within this duration; entries dated in the future count as newer than any other' -r
complete -c vlive -n "__fish_vlive_using_subcommand rm" -l keys-from -d 'Select the full keys and sets that a file names exactly, one per line; `-` is standard input' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand rm" -l backup -d 'First save what will be replaced or removed to a new file; `vlive load` restores it' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand rm" -l format -d 'The output format' -r -f -a "text\t'Words, for people'
json\t'An object'"
complete -c vlive -n "__fish_vlive_using_subcommand rm" -s C -l folder -d 'The folder of the cache, or its redb file [default: `VLIVE_FOLDER`, or else the current folder]. Other paths stay relative to the current folder' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand rm" -l wait -d 'How long to keep trying, such as `10s` or `10`: to write while the cache is in use (default: not at all), or to read a consistent state while an app writes (default: 5s)' -r
complete -c vlive -n "__fish_vlive_using_subcommand rm" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; `CLICOLOR_FORCE` colours elsewhere too'
always\t'Everywhere'
never\t'Nowhere'"
complete -c vlive -n "__fish_vlive_using_subcommand rm" -l exact -d 'Match a SELECTION with a `/` exactly, as dump, show, find, diff, watch and edit do by default'
complete -c vlive -n "__fish_vlive_using_subcommand rm" -l prefix -d 'Match every key that begins with a SELECTION with a `/`, as ls, ages, browse, touch and invalidate do by default; of a diorama set every row whose id begins with what follows the `/`, which only this option matches'
complete -c vlive -n "__fish_vlive_using_subcommand rm" -s 0 -l null -d 'Separate keys by NUL instead of line feeds, for --keys-from and --keys'
complete -c vlive -n "__fish_vlive_using_subcommand rm" -l all -d 'Delete every entry; tables of other programs are left alone'
complete -c vlive -n "__fish_vlive_using_subcommand rm" -l unreadable -d 'With --older-than or --newer-than: also delete entries whose time cannot be read'
complete -c vlive -n "__fish_vlive_using_subcommand rm" -l narrowed -d 'With a set of diorama, also take its narrowed copies: with `clients` also `clients where team = red`'
complete -c vlive -n "__fish_vlive_using_subcommand rm" -s n -l dry-run -d 'Print what would change, without changing it or taking the lock'
complete -c vlive -n "__fish_vlive_using_subcommand rm" -l json -d 'Short for `--format json`'
complete -c vlive -n "__fish_vlive_using_subcommand rm" -l no-pager -d 'Do not use a pager; without this it is `VLIVE_PAGER`, or else `PAGER`, or else `less -FRX`'
complete -c vlive -n "__fish_vlive_using_subcommand rm" -s q -l quiet -d 'Print only data and errors'
complete -c vlive -n "__fish_vlive_using_subcommand rm" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vlive -n "__fish_vlive_using_subcommand rm" -s V -l version -d 'Print version'
complete -c vlive -n "__fish_vlive_using_subcommand compact" -l format -d 'The output format' -r -f -a "text\t'Words, for people'
json\t'An object'"
complete -c vlive -n "__fish_vlive_using_subcommand compact" -s C -l folder -d 'The folder of the cache, or its redb file [default: `VLIVE_FOLDER`, or else the current folder]. Other paths stay relative to the current folder' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand compact" -l wait -d 'How long to keep trying, such as `10s` or `10`: to write while the cache is in use (default: not at all), or to read a consistent state while an app writes (default: 5s)' -r
complete -c vlive -n "__fish_vlive_using_subcommand compact" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; `CLICOLOR_FORCE` colours elsewhere too'
always\t'Everywhere'
never\t'Nowhere'"
complete -c vlive -n "__fish_vlive_using_subcommand compact" -s n -l dry-run -d 'Print how much would be given back, without changing anything'
complete -c vlive -n "__fish_vlive_using_subcommand compact" -l json -d 'Short for `--format json`'
complete -c vlive -n "__fish_vlive_using_subcommand compact" -l no-pager -d 'Do not use a pager; without this it is `VLIVE_PAGER`, or else `PAGER`, or else `less -FRX`'
complete -c vlive -n "__fish_vlive_using_subcommand compact" -s q -l quiet -d 'Print only data and errors'
complete -c vlive -n "__fish_vlive_using_subcommand compact" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vlive -n "__fish_vlive_using_subcommand compact" -s V -l version -d 'Print version'
complete -c vlive -n "__fish_vlive_using_subcommand completions" -s C -l folder -d 'The folder of the cache, or its redb file [default: `VLIVE_FOLDER`, or else the current folder]. Other paths stay relative to the current folder' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand completions" -l wait -d 'How long to keep trying, such as `10s` or `10`: to write while the cache is in use (default: not at all), or to read a consistent state while an app writes (default: 5s)' -r
complete -c vlive -n "__fish_vlive_using_subcommand completions" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; `CLICOLOR_FORCE` colours elsewhere too'
always\t'Everywhere'
never\t'Nowhere'"
complete -c vlive -n "__fish_vlive_using_subcommand completions" -l no-pager -d 'Do not use a pager; without this it is `VLIVE_PAGER`, or else `PAGER`, or else `less -FRX`'
complete -c vlive -n "__fish_vlive_using_subcommand completions" -s q -l quiet -d 'Print only data and errors'
complete -c vlive -n "__fish_vlive_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vlive -n "__fish_vlive_using_subcommand completions" -s V -l version -d 'Print version'
complete -c vlive -n "__fish_vlive_using_subcommand help" -s C -l folder -d 'The folder of the cache, or its redb file [default: `VLIVE_FOLDER`, or else the current folder]. Other paths stay relative to the current folder' -r -F
complete -c vlive -n "__fish_vlive_using_subcommand help" -l wait -d 'How long to keep trying, such as `10s` or `10`: to write while the cache is in use (default: not at all), or to read a consistent state while an app writes (default: 5s)' -r
complete -c vlive -n "__fish_vlive_using_subcommand help" -l color -d 'When to use colour: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set; `CLICOLOR_FORCE` colours elsewhere too'
always\t'Everywhere'
never\t'Nowhere'"
complete -c vlive -n "__fish_vlive_using_subcommand help" -l no-pager -d 'Do not use a pager; without this it is `VLIVE_PAGER`, or else `PAGER`, or else `less -FRX`'
complete -c vlive -n "__fish_vlive_using_subcommand help" -s q -l quiet -d 'Print only data and errors'
complete -c vlive -n "__fish_vlive_using_subcommand help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c vlive -n "__fish_vlive_using_subcommand help" -s V -l version -d 'Print version'
