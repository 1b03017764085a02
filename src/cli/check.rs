use super::format::TableArgs;
use super::stat::Process;
use super::{Global, Status};
use crate::output::listing::{self, TableFormat};
use crate::output::{Output, escape, findings as words, human};
use anyhow::Result;
use clap::Args;
use serde::Serialize;
use std::io::Write;
use vlive::diorama::meta::MetaKey;
use vlive::ops::{CheckedSets, Finding, FindingKind, Findings};

/// Verify every page and every entry, without changing anything
///
/// Each kind of finding has its count and its first ten places: damage (checksums, lengths, pages reached
/// twice); free space (pages in use that redb has recorded as free, or the other way round); entries that
/// vantage-live refuses to read; entries in which it ignores something, or that it would alter; and tables with
/// the name of a cache table but another type. In a cache of diorama also: sets that the app cannot list because
/// of one row, rows that diorama refuses or would alter, and times and totals that it cannot read.
///
/// `table` and `json` print the whole report; the other formats list the findings.
///
/// The status is 0 if nothing was found, 1 if something was, and 3 if there is nothing to check.
#[derive(Debug, Args)]
pub struct Check {
    /// Add redb's own integrity check, on a private copy of the file
    #[arg(long)]
    deep: bool,

    #[command(flatten)]
    table: TableArgs,
}

#[derive(Serialize)]
struct Report<'c> {
    sound: bool,
    format: u8,
    commit: u64,
    closed_cleanly: bool,
    holders: Option<Vec<Process<'c>>>,
    pages: u64,
    entries: u64,
    damage: Found,
    free_space: Found,
    refused: Found,
    altered: Found,
    wrongly_typed: Found,
    other_tables: Found,
    #[serde(skip_serializing_if = "Option::is_none")]
    diorama: Option<Diorama>,
}

#[derive(Serialize)]
struct Diorama {
    sets: u64,
    rows: u64,
    unlistable: Found,
    refused: Found,
    malformed: Found,
    future: Found,
    altered: Found,
    own_names: Found,
}

#[derive(Serialize)]
struct Found {
    count: u64,
    places: Vec<Place>,
}

#[derive(Serialize)]
struct Place {
    place: Option<String>,
    what: String,
}

/// The kinds of findings: heading, findings, and what to do about them.
type Kind<'c> = (&'static str, &'c Findings, &'static str);

fn kinds(check: &vlive::ops::Check) -> Vec<Kind<'_>> {
    let sets = &check.diorama;
    let mut kinds = Vec::new();
    if sets.unlistable.count > 0 {
        // First, since no other finding harms the app as much.
        let hint = "one row that diorama refuses makes its set unlistable for the app; invalidate the row or the set, \
            and the app fetches it again";
        kinds.push(("unlistable by diorama", &sets.unlistable, hint));
    }
    kinds.extend(kinds_of_live(check));
    if sets.sets > 0 || sets.malformed.count > 0 {
        kinds.extend([
            ("refused by diorama", &sets.refused, "invalidate these rows, and the app fetches them again"),
            ("malformed numbers", &sets.malformed, malformed_hint(&sets.malformed)),
            ("dated in the future", &sets.future, "the app fetches these sets only after that time; touch them"),
            ("altered by diorama", &sets.altered, "diorama reads these rows, but would write them differently"),
        ]);
    }
    kinds
}

/// What to do about numbers that cannot be read, judged by the first of them.
fn malformed_hint(malformed: &Findings) -> &'static str {
    let is_total =
        |found: &Finding| matches!(&found.kind, FindingKind::Malformed(number) if number.key() == MetaKey::Total);
    match (malformed.places.iter().any(is_total), malformed.places.iter().all(is_total)) {
        (false, _) => "touch these sets to make their times readable",
        (true, true) => "invalidate these sets, and the app fetches them with their totals",
        (true, false) => "touch these sets to make their times readable; invalidate those with a malformed `total`",
    }
}

fn kinds_of_live(check: &vlive::ops::Check) -> [Kind<'_>; 5] {
    [
        (
            "damage",
            &check.damage,
            "`vlive salvage` copies every intact entry into a new cache; to start over, stop the app and delete the file",
        ),
        (
            "free space",
            &check.free_space,
            "an app that writes to it can lose entries; stop the app, and `vlive salvage` writes all entries to a new cache",
        ),
        ("refused by vantage-live", &check.refused, "invalidate these entries, and the app fetches them again"),
        ("altered by vantage-live", &check.altered, "dump these entries and put them back to store what the app reads"),
        (
            "wrongly typed",
            &check.wrongly_typed,
            "vantage-live fails on these tables; `vlive invalidate` deletes those that are not multimaps",
        ),
    ]
}

impl Check {
    pub fn run(&self, global: &Global, output: &mut Output) -> Result<Status> {
        self.table.format()?;
        let now = global.now();
        let bar = output.bar("checking");
        let mut check = bar.of(|| vlive::ops::check(global.folder(), now, global.look_wait()))?;
        let is_asked = !self.deep || vlive::ops::check_deep(global.folder(), global.look_wait(), &mut check)?;
        drop(bar);
        if !is_asked {
            output.warning("redb's check was left out: the file changes faster than it can be copied");
        }
        let format = self.table.format()?;
        self.table.print(output, |output, format| match format {
            TableFormat::Table => print(&check, output),
            TableFormat::Json => output.json(&report(&check)),
            format => list(&check, format, output),
        })?;
        if format == TableFormat::Table {
            let found: Vec<_> = kinds(&check).into_iter().filter(|(_, findings, _)| findings.count > 0).collect();
            for (heading, _, hint) in &found {
                output.advice(&if found.len() > 1 { format!("{heading}: {hint}") } else { (*hint).to_owned() });
            }
        }
        Ok(if check.is_sound() { Status::Done } else { Status::No })
    }
}

fn report(check: &vlive::ops::Check) -> Report<'_> {
    fn found(findings: &Findings) -> Found {
        let stored = |found: &Finding| found.place.as_ref().map(ToString::to_string);
        let places = findings.places.iter().map(|found| Place { place: stored(found), what: words::kind(&found.kind) });
        Found { count: findings.count, places: places.collect() }
    }
    Report {
        sound: check.is_sound(),
        format: check.format,
        commit: check.commit,
        closed_cleanly: check.closed_cleanly,
        holders: check.holders.as_ref().map(|holders| holders.iter().map(Process::new).collect()),
        pages: check.pages,
        entries: check.entries,
        damage: found(&check.damage),
        free_space: found(&check.free_space),
        refused: found(&check.refused),
        altered: found(&check.altered),
        wrongly_typed: found(&check.wrongly_typed),
        other_tables: found(&check.other_tables),
        diorama: (check.diorama != CheckedSets::default()).then(|| Diorama {
            sets: check.diorama.sets,
            rows: check.diorama.rows,
            unlistable: found(&check.diorama.unlistable),
            refused: found(&check.diorama.refused),
            malformed: found(&check.diorama.malformed),
            future: found(&check.diorama.future),
            altered: found(&check.diorama.altered),
            own_names: found(&check.diorama.own_names),
        }),
    }
}

/// A finding as a line of a table.
#[derive(Serialize)]
struct Line {
    kind: &'static str,
    place: Option<String>,
    #[serde(skip)]
    shown: String,
    what: String,
}

const COLUMNS: [listing::Column; 3] = [("kind", "KIND", false), ("place", "PLACE", false), ("what", "WHAT", false)];

/// Lists the findings of a check, with the names of its JSON report.
fn list(check: &vlive::ops::Check, format: TableFormat, output: &mut Output) -> Result<()> {
    let sets = &check.diorama;
    let kinds = [
        ("damage", &check.damage),
        ("free_space", &check.free_space),
        ("refused", &check.refused),
        ("altered", &check.altered),
        ("wrongly_typed", &check.wrongly_typed),
        ("other_tables", &check.other_tables),
        ("diorama.unlistable", &sets.unlistable),
        ("diorama.refused", &sets.refused),
        ("diorama.malformed", &sets.malformed),
        ("diorama.future", &sets.future),
        ("diorama.altered", &sets.altered),
        ("diorama.own_names", &sets.own_names),
    ];
    let lines = kinds.iter().flat_map(|(kind, findings)| {
        findings.places.iter().map(|found| Line {
            kind,
            place: found.place.as_ref().map(ToString::to_string),
            shown: found.place.as_ref().map(words::place).unwrap_or_default(),
            what: words::kind(&found.kind),
        })
    });
    let lines: Vec<Line> = lines.collect();
    let cells = |line: &Line, _: &Output| [line.kind.to_owned(), line.shown.clone(), line.what.clone()];
    listing::print(output, format, &COLUMNS, &lines, cells)?;
    let more = kinds.iter().map(|(_, findings)| findings.count).sum::<u64>() - lines.len() as u64;
    if more > 0 {
        output.warning(&format!("{more} more are not listed: only the first places of each kind are"));
    }
    Ok(())
}

fn print(check: &vlive::ops::Check, output: &mut Output) -> Result<()> {
    let held_by = match &check.holders {
        None => "unknown".to_owned(),
        Some(holders) if holders.is_empty() => "nobody".to_owned(),
        Some(holders) => holders.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    };
    let closed = if check.closed_cleanly { "closed cleanly" } else { "not closed" };
    let read =
        format!("{}, {}", human::count(check.pages, "page", "pages"), human::count(check.entries, "entry", "entries"));
    let read = match &check.diorama {
        CheckedSets { sets: 0, .. } => read,
        CheckedSets { sets, rows, .. } => format!(
            "{read}: {} of diorama with {} among them",
            human::count(*sets, "set", "sets"),
            human::count(*rows, "row", "rows")
        ),
    };
    for (name, value) in [
        ("format", format!("redb file format v{}, commit {}, {closed}", check.format, check.commit)),
        ("in use by", held_by),
        ("read", read),
    ] {
        writeln!(output.data(), "{name:<25}{}", escape::for_terminal(&value))?;
    }
    for (name, findings, _) in kinds(check) {
        print_findings(name, findings, output)?;
    }
    if check.diorama.own_names.count > 0 {
        print_findings("app-defined names", &check.diorama.own_names, output)?;
    }
    if check.other_tables.count > 0 {
        print_findings("other tables", &check.other_tables, output)?;
    }
    writeln!(output.data(), "{}", if check.is_sound() { "sound" } else { "not sound" })?;
    Ok(())
}

fn print_findings(name: &str, findings: &Findings, output: &mut Output) -> Result<()> {
    writeln!(output.data(), "{name:<25}{}", findings.count)?;
    for found in &findings.places {
        writeln!(output.data(), "  {}", words::words(found))?;
    }
    let more = findings.count - findings.places.len() as u64;
    if more > 0 {
        writeln!(output.data(), "  and {more} more")?;
    }
    Ok(())
}
