use super::{Cli, Refused, Status};
use crate::output::Output;
use anyhow::Result;
use clap::{Args, Command, CommandFactory};
use clap_mangen::roff::{Roff, bold, roman};
use std::io::Write;

/// Print the man page of the program or of one of its commands
#[derive(Debug, Args)]
#[command(hide = true)]
pub struct Man {
    /// The command
    command: Option<String>,
}

impl Man {
    pub fn run(&self, output: &mut Output) -> Result<Status> {
        let mut program = Cli::command();
        program.build();
        let mut more = Roff::new();
        let page = match &self.command {
            None => {
                more_on_the_program(&program, &mut more);
                render(program, "vlive")?
            }
            Some(name) => {
                let command = program.find_subcommand(name).cloned();
                let command = command.ok_or_else(|| Refused::error(format!("there is no command `{name}`"), None))?;
                more.control("SH", ["SEE ALSO"]);
                more.text([bold("vlive"), roman("(1) for the exit status, the environment, files and examples.")]);
                let name = format!("vlive-{name}");
                render(command.display_name(&name), &name)?
            }
        };
        output.data().write_all(page.as_bytes())?;
        output.data().write_all(more.to_roff().as_bytes())?;
        Ok(Status::Done)
    }
}

fn render(command: Command, title: &str) -> Result<String> {
    let mut page = Vec::new();
    let source = concat!("vlive ", env!("CARGO_PKG_VERSION"));
    clap_mangen::Man::new(command).title(title).source(source).render(&mut page)?;
    // Only the heading that clap was given for `--help` is not in capitals.
    Ok(String::from_utf8(page)?.replace(".SH Commands", ".SH COMMANDS"))
}

const EXIT_STATUS: [(&str, &str); 5] = [
    ("0", "Done. For invalidate also when nothing matched: vantage-live swallows that too."),
    ("1", "The answer is no: that key or selection is not in the cache, check found something, or diff a difference."),
    ("2", "Usage, or input that is refused."),
    (
        "3",
        "The cache cannot be read or written: missing, not a cache, damaged, another format, no permission, disk full. \
         Also when a part of it could not be read or an entry not be decoded; the rest was still shown.",
    ),
    ("4", "In use: a write was asked for while another process holds the cache. The message names that process."),
];

const ENVIRONMENT: [(&str, &str); 6] = [
    ("VLIVE_FOLDER", "The folder of the cache where -C is not given."),
    (
        "SOURCE_DATE_EPOCH",
        "Seconds since 1970 that date what put and load write, where neither an option nor the input does.",
    ),
    ("VLIVE_NOW", "Seconds since 1970 to be taken for now in ages and dates, so that output can be compared."),
    (
        "NO_COLOR, CLICOLOR_FORCE",
        "Colour nothing, or colour outside a terminal too, unless --color says otherwise. JSON outside a terminal is \
         coloured only by --color always.",
    ),
    ("VLIVE_PAGER, PAGER", "The pager, a line for the shell; none where it is empty or cat."),
    ("COLUMNS", "How wide a terminal is; without it the terminal is asked."),
];

const FILES: [(&str, &str); 1] = [(
    "vlive.redb",
    "The one file that vantage-live keeps in the folder of a cache: a redb 2.6 database with a table __vlive__KEY for \
     each cache key KEY. A value is a CBOR map of fetched_at, in whole seconds since 1970, and rows, a map of row id \
     to record.",
)];

const EXAMPLES: [(&str, &str); 11] = [
    ("vlive ls", "What is in the cache?"),
    ("vlive dump clients/page_1 | jq .rows", "The rows of one page."),
    ("vlive show clients/page_1 --fields name,balance", "Two of its fields, as a table."),
    ("vlive dump --output fixtures/", "A file for each entry, for version control."),
    ("vlive load fixtures --clear", "A cache with these entries and no others."),
    ("vlive diff fixtures cache", "What has changed since?"),
    ("vlive ages clients/page_ --json", "How old are the pages of clients?"),
    ("vlive check", "Is the file sound, and every entry one that the app can read?"),
    ("vlive put clients/page_1 fixtures/clients.json --age 1h", "Seed an entry that was fetched an hour ago."),
    ("vlive invalidate clients --dry-run", "What would vantage-live drop?"),
    ("vlive invalidate clients --wait 10s", "Drop it, as soon as the app lets go of the cache."),
];

fn more_on_the_program(program: &Command, roff: &mut Roff) {
    section(roff, "EXIT STATUS", "", &EXIT_STATUS);
    roff.control("PP", []);
    roff.text([roman("A closed pipe ends quietly with 0.")]);
    section(roff, "ENVIRONMENT", "", &ENVIRONMENT);
    section(roff, "FILES", "", &FILES);
    section(roff, "EXAMPLES", "With the folder of the cache in VLIVE_FOLDER, or given with -C:", &EXAMPLES);
    roff.control("SH", ["SEE ALSO"]);
    let mut pages = Vec::new();
    for (n, command) in program.get_subcommands().filter(|command| !command.is_hide_set()).enumerate() {
        pages.push(roman(if n == 0 { "" } else { ", " }));
        pages.extend([bold(format!("vlive-{}", command.get_name())), roman("(1)")]);
    }
    roff.text(pages);
}

fn section(roff: &mut Roff, title: &str, introduction: &str, items: &[(&str, &str)]) {
    roff.control("SH", [title]);
    if !introduction.is_empty() {
        roff.text([roman(introduction)]);
    }
    for (term, text) in items {
        roff.control("TP", []);
        roff.text([bold(*term)]);
        roff.text([roman(*text)]);
    }
}
