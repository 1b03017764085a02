
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'vlive' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'vlive'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'vlive' {
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder')
            [CompletionResult]::new('--folder', '--folder', [CompletionResultType]::ParameterName, 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'How long to keep trying, such as `10s`: to write while another process has the cache (not at all by default), to look while an app writes to it (5s by default)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but data and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but data and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List the cache keys: entries, rows, size, and the newest and oldest age')
            [CompletionResult]::new('dump', 'dump', [CompletionResultType]::ParameterValue, 'Print entries as JSON, or write them to files')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Show the rows of an entry as a table')
            [CompletionResult]::new('ages', 'ages', [CompletionResultType]::ParameterValue, 'Tell when entries were fetched, and how old they are')
            [CompletionResult]::new('diff', 'diff', [CompletionResultType]::ParameterValue, 'Compare two caches, or a cache and a fixture')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Verify every page and every entry, without changing anything')
            [CompletionResult]::new('where', 'where', [CompletionResultType]::ParameterValue, 'Find caches: below folders, and those that a running process has open')
            [CompletionResult]::new('stat', 'stat', [CompletionResultType]::ParameterValue, 'Show the space that a cache takes, the ages of its entries, and the largest ones')
            [CompletionResult]::new('salvage', 'salvage', [CompletionResultType]::ParameterValue, 'Write what still verifies of a damaged cache to a new one')
            [CompletionResult]::new('put', 'put', [CompletionResultType]::ParameterValue, 'Write one entry from JSON')
            [CompletionResult]::new('load', 'load', [CompletionResultType]::ParameterValue, 'Write the entries of fixtures, all or none')
            [CompletionResult]::new('touch', 'touch', [CompletionResultType]::ParameterValue, 'Set when entries were fetched, and leave their rows as they are')
            [CompletionResult]::new('invalidate', 'invalidate', [CompletionResultType]::ParameterValue, 'Drop what vantage-live''s `invalidate_prefix` drops, and say what that was')
            [CompletionResult]::new('compact', 'compact', [CompletionResultType]::ParameterValue, 'Give back the space that a cache does not need')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completion script of a shell')
            break
        }
        'vlive;ls' {
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder')
            [CompletionResult]::new('--folder', '--folder', [CompletionResultType]::ParameterName, 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'How long to keep trying, such as `10s`: to write while another process has the cache (not at all by default), to look while an app writes to it (5s by default)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Add the tables that are no cache tables, with their types')
            [CompletionResult]::new('--quick', '--quick', [CompletionResultType]::ParameterName, 'Show the cache keys and their numbers of entries alone, as the file counts them: no entry is read')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print an array of objects: times in seconds since 1970, sizes in bytes')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but data and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but data and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'vlive;dump' {
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What to write')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write to a file, which appears when it is whole, or to a new folder (a path that ends with `/`), with a file for each entry; `-` is standard output')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write to a file, which appears when it is whole, or to a new folder (a path that ends with `/`), with a file for each entry; `-` is standard output')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder')
            [CompletionResult]::new('--folder', '--folder', [CompletionResultType]::ParameterName, 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'How long to keep trying, such as `10s`: to write while another process has the cache (not at all by default), to look while an app writes to it (5s by default)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--pretty', '--pretty', [CompletionResultType]::ParameterName, 'Indent, as on a terminal and in a folder')
            [CompletionResult]::new('--compact', '--compact', [CompletionResultType]::ParameterName, 'Print one line, as in a pipe')
            [CompletionResult]::new('--rows', '--rows', [CompletionResultType]::ParameterName, 'Leave out the times: only the rows')
            [CompletionResult]::new('--redact', '--redact', [CompletionResultType]::ParameterName, 'Leave out the contents, for bug reports: keys, row ids, types and lengths stay, and the times of the entries')
            [CompletionResult]::new('--plain', '--plain', [CompletionResultType]::ParameterName, 'Print for people and `jq`, with loss: tags dropped, bytes as base64url, NaN as null')
            [CompletionResult]::new('--raw', '--raw', [CompletionResultType]::ParameterName, 'With `--format jsonl`: the stored bytes in base64, whatever they are')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but data and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but data and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'vlive;show' {
            [CompletionResult]::new('--fields', '--fields', [CompletionResultType]::ParameterName, 'Show these fields, in this order')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'Show the first so many rows, and the fields that these have')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'How to print: table, csv, tsv or markdown')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder')
            [CompletionResult]::new('--folder', '--folder', [CompletionResultType]::ParameterName, 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'How long to keep trying, such as `10s`: to write while another process has the cache (not at all by default), to look while an app writes to it (5s by default)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--wide', '--wide', [CompletionResultType]::ParameterName, 'Cut nothing and leave no field out, however wide the table gets')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print these rows and fields as an object of row id to row, in the form of `vlive dump --rows`')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but data and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but data and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'vlive;ages' {
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder')
            [CompletionResult]::new('--folder', '--folder', [CompletionResultType]::ParameterName, 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'How long to keep trying, such as `10s`: to write while another process has the cache (not at all by default), to look while an app writes to it (5s by default)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--exact', '--exact', [CompletionResultType]::ParameterName, 'Take each prefix as one full key')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print an array of objects: times in seconds since 1970, ages in seconds, sizes in bytes')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but data and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but data and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'vlive;diff' {
            [CompletionResult]::new('--id-field', '--id-field', [CompletionResultType]::ParameterName, 'The field with the row id, where the rows of a fixture come in an array')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder')
            [CompletionResult]::new('--folder', '--folder', [CompletionResultType]::ParameterName, 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'How long to keep trying, such as `10s`: to write while another process has the cache (not at all by default), to look while an app writes to it (5s by default)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--fetched-at', '--fetched-at', [CompletionResultType]::ParameterName, 'Compare the times of entries too, where both sides have one')
            [CompletionResult]::new('--order', '--order', [CompletionResultType]::ParameterName, 'Compare the order of rows and of fields too')
            [CompletionResult]::new('--stat', '--stat', [CompletionResultType]::ParameterName, 'Show counts for each cache key')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print an array of objects')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but data and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but data and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'vlive;check' {
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder')
            [CompletionResult]::new('--folder', '--folder', [CompletionResultType]::ParameterName, 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'How long to keep trying, such as `10s`: to write while another process has the cache (not at all by default), to look while an app writes to it (5s by default)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--deep', '--deep', [CompletionResultType]::ParameterName, 'Add redb''s own integrity check, on a private copy of the file')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print an object')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but data and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but data and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'vlive;where' {
            [CompletionResult]::new('--depth', '--depth', [CompletionResultType]::ParameterName, 'How many folders deep to search')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'When to stop searching')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder')
            [CompletionResult]::new('--folder', '--folder', [CompletionResultType]::ParameterName, 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'How long to keep trying, such as `10s`: to write while another process has the cache (not at all by default), to look while an app writes to it (5s by default)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print an array of objects: times in seconds since 1970, sizes in bytes')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but data and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but data and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'vlive;stat' {
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder')
            [CompletionResult]::new('--folder', '--folder', [CompletionResultType]::ParameterName, 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'How long to keep trying, such as `10s`: to write while another process has the cache (not at all by default), to look while an app writes to it (5s by default)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--quick', '--quick', [CompletionResultType]::ParameterName, 'Show what the file says of itself: no entry is read')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print an object: times in seconds since 1970, ages in seconds, sizes in bytes')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but data and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but data and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'vlive;salvage' {
            [CompletionResult]::new('--into', '--into', [CompletionResultType]::ParameterName, 'The folder of the new cache, which must not have one')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder')
            [CompletionResult]::new('--folder', '--folder', [CompletionResultType]::ParameterName, 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'How long to keep trying, such as `10s`: to write while another process has the cache (not at all by default), to look while an app writes to it (5s by default)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the summary as an object: sizes in bytes')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but data and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but data and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'vlive;put' {
            [CompletionResult]::new('--id-field', '--id-field', [CompletionResultType]::ParameterName, 'The field with the row id, where rows come in an array: text or a whole number')
            [CompletionResult]::new('--fetched-at', '--fetched-at', [CompletionResultType]::ParameterName, 'When the rows were fetched: RFC 3339, or `@` and seconds since 1970')
            [CompletionResult]::new('--age', '--age', [CompletionResultType]::ParameterName, 'How long ago the rows were fetched, such as `3h 12m`')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder')
            [CompletionResult]::new('--folder', '--folder', [CompletionResultType]::ParameterName, 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'How long to keep trying, such as `10s`: to write while another process has the cache (not at all by default), to look while an app writes to it (5s by default)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the summary as an object: sizes in bytes')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but data and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but data and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'vlive;load' {
            [CompletionResult]::new('--id-field', '--id-field', [CompletionResultType]::ParameterName, 'The field with the row id, where rows come in an array: text or a whole number')
            [CompletionResult]::new('--fetched-at', '--fetched-at', [CompletionResultType]::ParameterName, 'When the rows were fetched: RFC 3339, or `@` and seconds since 1970')
            [CompletionResult]::new('--age', '--age', [CompletionResultType]::ParameterName, 'How long ago the rows were fetched, such as `3h 12m`')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder')
            [CompletionResult]::new('--folder', '--folder', [CompletionResultType]::ParameterName, 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'How long to keep trying, such as `10s`: to write while another process has the cache (not at all by default), to look while an app writes to it (5s by default)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--replace', '--replace', [CompletionResultType]::ParameterName, 'Empty the cache keys that the sources name first')
            [CompletionResult]::new('--clear', '--clear', [CompletionResultType]::ParameterName, 'Empty the whole cache first; never a table that is no cache table')
            [CompletionResult]::new('--keep-fetched-at', '--keep-fetched-at', [CompletionResultType]::ParameterName, 'Keep the times of the sources, as is done unless told otherwise')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Say what would be added (`+`), replaced (`~`) and removed (`-`), and write nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Say what would be added (`+`), replaced (`~`) and removed (`-`), and write nothing')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the summary as an object, with the keys of a dry run: sizes in bytes')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but data and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but data and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'vlive;touch' {
            [CompletionResult]::new('--fetched-at', '--fetched-at', [CompletionResultType]::ParameterName, 'When the rows were fetched: RFC 3339, or `@` and seconds since 1970')
            [CompletionResult]::new('--age', '--age', [CompletionResultType]::ParameterName, 'How long ago the rows were fetched, such as `3h 12m`')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder')
            [CompletionResult]::new('--folder', '--folder', [CompletionResultType]::ParameterName, 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'How long to keep trying, such as `10s`: to write while another process has the cache (not at all by default), to look while an app writes to it (5s by default)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--exact', '--exact', [CompletionResultType]::ParameterName, 'Take each prefix as one full key')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Touch every entry of every cache key; never a table that is no cache table')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Say what would be touched, and touch nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Say what would be touched, and touch nothing')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the summary as an object: the time in seconds since 1970')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but data and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but data and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'vlive;invalidate' {
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder')
            [CompletionResult]::new('--folder', '--folder', [CompletionResultType]::ParameterName, 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'How long to keep trying, such as `10s`: to write while another process has the cache (not at all by default), to look while an app writes to it (5s by default)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('--exact', '--exact', [CompletionResultType]::ParameterName, 'Take each prefix as one full key')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Drop every cache key; never a table that is no cache table')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Say what would be dropped, and drop nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Say what would be dropped, and drop nothing')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the summary as an object: sizes in bytes')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but data and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but data and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'vlive;compact' {
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder')
            [CompletionResult]::new('--folder', '--folder', [CompletionResultType]::ParameterName, 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'How long to keep trying, such as `10s`: to write while another process has the cache (not at all by default), to look while an app writes to it (5s by default)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Print what would be given back, and change nothing')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Print what would be given back, and change nothing')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the summary as an object: sizes in bytes')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but data and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but data and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'vlive;completions' {
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder')
            [CompletionResult]::new('--folder', '--folder', [CompletionResultType]::ParameterName, 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'How long to keep trying, such as `10s`: to write while another process has the cache (not at all by default), to look while an app writes to it (5s by default)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour: auto, always or never')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but data and errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but data and errors')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
