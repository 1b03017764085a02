
use builtin;
use str;

set edit:completion:arg-completer[vlive] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'vlive'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'vlive'= {
            cand -C 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder'
            cand --folder 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder'
            cand --wait 'How long to keep trying, such as `10s`: to write while another process has the cache (not at all by default), to look while an app writes to it (5s by default)'
            cand --color 'When to colour: auto, always or never'
            cand -q 'Say nothing but data and errors'
            cand --quiet 'Say nothing but data and errors'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
            cand ls 'List the cache keys: entries, rows, size, and the newest and oldest age'
            cand dump 'Print entries as JSON'
            cand ages 'Tell when entries were fetched, and how old they are'
            cand check 'Verify every page and every entry, without changing anything'
            cand salvage 'Write what still verifies of a damaged cache to a new one'
            cand put 'Write one entry from JSON'
            cand invalidate 'Drop what vantage-live''s `invalidate_prefix` drops, and say what that was'
            cand completions 'Print the completion script of a shell'
        }
        &'vlive;ls'= {
            cand -C 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder'
            cand --folder 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder'
            cand --wait 'How long to keep trying, such as `10s`: to write while another process has the cache (not at all by default), to look while an app writes to it (5s by default)'
            cand --color 'When to colour: auto, always or never'
            cand --all 'Add the tables that are no cache tables, with their types'
            cand --quick 'Show the cache keys and their numbers of entries alone, as the file counts them: no entry is read'
            cand --json 'Print an array of objects: times in seconds since 1970, sizes in bytes'
            cand -q 'Say nothing but data and errors'
            cand --quiet 'Say nothing but data and errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'vlive;dump'= {
            cand -C 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder'
            cand --folder 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder'
            cand --wait 'How long to keep trying, such as `10s`: to write while another process has the cache (not at all by default), to look while an app writes to it (5s by default)'
            cand --color 'When to colour: auto, always or never'
            cand --pretty 'Indent, as on a terminal'
            cand --compact 'Print one line, as in a pipe'
            cand --plain 'Print for people and `jq`, with loss: tags dropped, bytes as base64url, NaN as null'
            cand -q 'Say nothing but data and errors'
            cand --quiet 'Say nothing but data and errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'vlive;ages'= {
            cand -C 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder'
            cand --folder 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder'
            cand --wait 'How long to keep trying, such as `10s`: to write while another process has the cache (not at all by default), to look while an app writes to it (5s by default)'
            cand --color 'When to colour: auto, always or never'
            cand --exact 'Take each prefix as one full key'
            cand --json 'Print an array of objects: times in seconds since 1970, ages in seconds, sizes in bytes'
            cand -q 'Say nothing but data and errors'
            cand --quiet 'Say nothing but data and errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'vlive;check'= {
            cand -C 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder'
            cand --folder 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder'
            cand --wait 'How long to keep trying, such as `10s`: to write while another process has the cache (not at all by default), to look while an app writes to it (5s by default)'
            cand --color 'When to colour: auto, always or never'
            cand --deep 'Add redb''s own integrity check, on a private copy of the file'
            cand --json 'Print an object'
            cand -q 'Say nothing but data and errors'
            cand --quiet 'Say nothing but data and errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'vlive;salvage'= {
            cand --into 'The folder of the new cache, which must not have one'
            cand -C 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder'
            cand --folder 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder'
            cand --wait 'How long to keep trying, such as `10s`: to write while another process has the cache (not at all by default), to look while an app writes to it (5s by default)'
            cand --color 'When to colour: auto, always or never'
            cand --json 'Print the summary as an object: sizes in bytes'
            cand -q 'Say nothing but data and errors'
            cand --quiet 'Say nothing but data and errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'vlive;put'= {
            cand --id-field 'The field with the row id, where rows come in an array: text or a whole number'
            cand --fetched-at 'When the rows were fetched: RFC 3339, or `@` and seconds since 1970'
            cand --age 'How long ago the rows were fetched, such as `3h 12m`'
            cand -C 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder'
            cand --folder 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder'
            cand --wait 'How long to keep trying, such as `10s`: to write while another process has the cache (not at all by default), to look while an app writes to it (5s by default)'
            cand --color 'When to colour: auto, always or never'
            cand --json 'Print the summary as an object: sizes in bytes'
            cand -q 'Say nothing but data and errors'
            cand --quiet 'Say nothing but data and errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'vlive;invalidate'= {
            cand -C 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder'
            cand --folder 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder'
            cand --wait 'How long to keep trying, such as `10s`: to write while another process has the cache (not at all by default), to look while an app writes to it (5s by default)'
            cand --color 'When to colour: auto, always or never'
            cand --exact 'Take each prefix as one full key'
            cand --all 'Drop every cache key; never a table that is no cache table'
            cand -n 'Say what would be dropped, and drop nothing'
            cand --dry-run 'Say what would be dropped, and drop nothing'
            cand --json 'Print the summary as an object: sizes in bytes'
            cand -q 'Say nothing but data and errors'
            cand --quiet 'Say nothing but data and errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'vlive;completions'= {
            cand -C 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder'
            cand --folder 'The folder of the cache, or the `vlive.redb` in it; else `VLIVE_FOLDER`, else the current folder'
            cand --wait 'How long to keep trying, such as `10s`: to write while another process has the cache (not at all by default), to look while an app writes to it (5s by default)'
            cand --color 'When to colour: auto, always or never'
            cand -q 'Say nothing but data and errors'
            cand --quiet 'Say nothing but data and errors'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
    ]
    $completions[$command]
}
