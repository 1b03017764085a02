use super::{Cli, Refused, Status};
use crate::output::Output;
use anyhow::{Context, Result};
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

fn render(mut command: Command, title: &str) -> Result<String> {
    const SYNOPSIS: &str = ".SH SYNOPSIS\n";
    let usage = command.render_usage().to_string();
    let mut synopsis = Roff::new();
    synopsis.text([roman(usage.trim_start_matches("Usage: "))]);
    let mut page = Vec::new();
    let source = concat!("vlive ", env!("CARGO_PKG_VERSION"));
    clap_mangen::Man::new(command).title(title).source(source).render(&mut page)?;
    // Only the heading that clap was given for `--help` is not in capitals, and the footer has the version.
    let page = String::from_utf8(page)?.replace(".SH Commands", ".SH COMMANDS");
    let page = page.replace(concat!(".SH VERSION\nv", env!("CARGO_PKG_VERSION"), "\n"), "");
    // clap_mangen's synopsis has every option, without values; the usage of `--help` fits on a line.
    let (before, rest) = page.split_once(SYNOPSIS).context("the page has no synopsis")?;
    let (_, after) = rest.split_once(".SH ").context("the page ends with its synopsis")?;
    Ok(format!("{before}{SYNOPSIS}{}.SH {after}", synopsis.to_roff()))
}

const EXIT_STATUS: [(&str, &str); 5] = [
    ("0", "Done. For invalidate also when nothing matched, as with vantage-live's invalidate_prefix."),
    (
        "1",
        "The answer is no: that key or selection is not in the cache, find or where found nothing, check found something, \
         diff found a difference, or watch did not see what it waited for.",
    ),
    ("2", "Wrong usage, or input that is refused."),
    (
        "3",
        "The cache cannot be read or written: missing, not a cache, damaged, another format, no permission, disk full. \
         Also when a part of it could not be read or an entry could not be decoded; the rest was still shown.",
    ),
    ("4", "In use: a write was asked for while another process has the cache open. On Linux the message names it."),
];

const ENVIRONMENT: [(&str, &str); 8] = [
    ("VLIVE_FOLDER", "The folder or file of the cache, if -C is not given."),
    (
        "SOURCE_DATE_EPOCH",
        "The time, in seconds since 1970, of what put and load write, if neither an option nor the input has one.",
    ),
    ("VLIVE_NOW", "The current time, in seconds since 1970, for ages and dates that do not depend on the clock."),
    ("VISUAL, EDITOR", "The editor of edit, a command line for the shell; by default vi."),
    (
        "NO_COLOR, CLICOLOR_FORCE",
        "No colour, or colour outside a terminal too, unless --color says otherwise. JSON outside a terminal is \
         coloured only by --color always.",
    ),
    ("VLIVE_PAGER, PAGER", "The pager, a command line for the shell; none if it is empty or cat."),
    ("COLUMNS", "The width of the terminal; if it is not set, the terminal is asked."),
    ("TMPDIR", "The folder for temporary files."),
];

const FILES: [(&str, &str); 2] = [
    (
        "vlive.redb",
        "The one file that vantage-live keeps in the folder of a cache: a redb 2.6 database with a table __vlive__KEY \
         for each cache key KEY. A value is a CBOR map of fetched_at, in whole seconds since 1970, and rows, a map of \
         row id to record.",
    ),
    (
        "*.redb",
        "vantage-diorama keeps its cache in one redb 2.6 database at any path, with a table for each set of rows and \
         one for the times and the total of the set.",
    ),
];

const EXAMPLES: [(&str, &str); 15] = [
    ("vlive ls", "What is in the cache?"),
    ("vlive dump clients/page_1 | jq .rows", "The rows of one page."),
    ("vlive show clients --where '.balance > 1000' --fields name,balance", "Two fields of some rows, as a table."),
    ("vlive find --id c1", "Which entries hold this row, and do they differ?"),
    ("vlive edit clients/page_1 --apply '.rows.c1.name = \"Anna\"' --backup old.jsonl", "Change one field."),
    ("vlive load old.jsonl", "Undo that."),
    ("vlive dump --output fixtures/", "A file for each entry, for version control."),
    ("vlive load fixtures --clear", "A cache with these entries and no others."),
    ("vlive diff fixtures cache", "What has changed since?"),
    ("vlive ages clients/page_ --json", "How old are the pages of clients?"),
    ("vlive check", "Is the file sound, and can the app read every entry?"),
    ("vlive put clients/page_1 fixtures/clients.json --age 1h", "Seed an entry that was fetched an hour ago."),
    ("vlive invalidate clients --dry-run", "What would vantage-live delete?"),
    ("vlive invalidate clients --wait 10s", "Delete it, as soon as the app has closed the cache."),
    ("vlive invalidate --all --older-than 7d", "Delete what is older than a week."),
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
