use super::{Cli, Refused, Status};
use crate::output::Output;
use anyhow::Result;
use clap::{Args, CommandFactory};
use clap_mangen::roff::{Roff, bold, roman};
use std::io::Write;

/// Print a man page: that of the program, or of one of its commands
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
        match &self.command {
            None => {
                clap_mangen::Man::new(program).render(output.data())?;
                output.data().write_all(more_on_the_program().to_roff().as_bytes())?;
            }
            Some(name) => {
                let command = program.find_subcommand(name).cloned();
                let command = command.ok_or_else(|| Refused::error(format!("there is no command `{name}`"), None))?;
                let page = format!("vlive-{name}");
                clap_mangen::Man::new(command.display_name(&page)).title(page).render(output.data())?;
            }
        }
        Ok(Status::Done)
    }
}

fn more_on_the_program() -> Roff {
    let mut roff = Roff::new();
    section(
        &mut roff,
        "EXIT STATUS",
        &[
            ("0", "Done. For invalidate also when nothing matched: vantage-live swallows that too."),
            ("1", "The answer is no: that key or selection is not in the cache."),
            ("2", "Usage, or input that is refused."),
            (
                "3",
                "The cache cannot be read or written: missing, not a cache, damaged, another format, no permission, disk full. Also when an entry could not be decoded; the others were still shown.",
            ),
            (
                "4",
                "In use: a write was asked for while another process holds the cache. The message names that process.",
            ),
        ],
    );
    roff.control("PP", []);
    roff.text([roman("A closed pipe ends quietly with 0.")]);
    section(
        &mut roff,
        "ENVIRONMENT",
        &[
            ("VLIVE_FOLDER", "The folder of the cache where -C is not given."),
            (
                "SOURCE_DATE_EPOCH",
                "Seconds since 1970 that date what put writes, where neither an option nor the input does.",
            ),
            ("VLIVE_NOW", "Seconds since 1970 to be taken for now in ages and dates, so that output can be compared."),
            ("NO_COLOR, CLICOLOR_FORCE", "Colour nowhere, or everywhere, where --color does not say."),
        ],
    );
    section(
        &mut roff,
        "FILES",
        &[(
            "vlive.redb",
            "The one file that vantage-live keeps in the folder of a cache: a redb 2.6 database with a table __vlive__KEY for each cache key KEY. A value is a CBOR map of fetched_at, in whole seconds since 1970, and rows, a map of row id to record.",
        )],
    );
    section(
        &mut roff,
        "EXAMPLES",
        &[
            ("vlive ls cache", "What is in the cache in the folder cache?"),
            ("vlive -C cache dump clients/page_1 | jq .rows", "The rows of one page."),
            ("vlive ages clients/page_ --json", "How old are the pages of clients?"),
            ("vlive put clients/page_1 fixtures/clients.json --age 1h", "Seed an entry that was fetched an hour ago."),
            ("vlive invalidate clients --dry-run", "What would vantage-live drop?"),
            ("vlive invalidate clients --wait 10s", "Drop it, as soon as the app lets go of the cache."),
        ],
    );
    section(
        &mut roff,
        "SEE ALSO",
        &[("vlive-ls(1), vlive-dump(1), vlive-ages(1), vlive-put(1), vlive-invalidate(1), vlive-completions(1)", "")],
    );
    roff
}

fn section(roff: &mut Roff, title: &str, items: &[(&str, &str)]) {
    roff.control("SH", [title]);
    for (term, text) in items {
        roff.control("TP", []);
        roff.text([bold(*term)]);
        roff.text([roman(*text)]);
    }
}
