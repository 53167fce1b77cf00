//! `occtop check`: is the configuration right, and does each source work?

use std::io::Write;

use color_eyre::eyre::{Result, WrapErr};

use super::{Exit, Globals, session};
use crate::clock::Clock;
use crate::config::Config;
use crate::engine::{self, Desk, Member};
use crate::model::attempt::{Exchange, Finding};

/// Arguments of `occtop check`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Validate the configuration and its secrets, send nothing
    #[arg(long)]
    pub offline: bool,
    /// Check only this source; may be repeated
    #[arg(long = "source", value_name = "NAME")]
    pub sources: Vec<String>,
}

/// Checks and reports.
///
/// # Errors
/// When the configuration or the output fails.
pub async fn run(args: Args, globals: &Globals, out: &mut dyn Write) -> Result<Exit> {
    let loaded = session::loaded(globals)?;
    session::known_sources(&loaded.config, &args.sources)?;
    let wanted = |name: &str| args.sources.is_empty() || args.sources.iter().any(|s| s == name);
    // A source that lacks something is reported as itself when it is asked, so that the others
    // are checked too.
    loaded.look_up(|outside| {
        let source = outside.source();
        source.is_none_or(|source| args.offline && wanted(source))
    })?;
    let config = loaded.config;
    if args.offline {
        return offline(&config, out);
    }
    let clock = Clock::system();
    let mut sources = engine::open(&config, session::display_zone(&config), &clock).await;
    let history = session::memory(&clock).await?;
    let desk = engine::desk(&sources, history, &clock).await?;
    let mut all_well = true;
    let mut any = false;
    for member in &mut sources.members {
        if !wanted(&member.name) {
            continue;
        }
        any |= member.source.is_some();
        all_well &= source(member, &desk, &clock, out).await?;
    }
    let result = match (all_well, any) {
        (false, _) => "something failed, see above",
        (true, true) => "all well",
        (true, false) => "nothing was asked: no source is switched on",
    };
    writeln!(out, "{result}")?;
    Ok(if all_well {
        Exit::Ok
    } else {
        Exit::SourceFailed
    })
}

/// Reports one source; false when something about it does not work.
async fn source(
    member: &mut Member,
    desk: &Desk,
    clock: &Clock,
    out: &mut dyn Write,
) -> Result<bool> {
    writeln!(out, "{}", member.name)?;
    if let Some(error) = &member.error {
        writeln!(out, "  FAIL  configuration: {error}\n")?;
        return Ok(false);
    }
    let Some(source) = &mut member.source else {
        writeln!(out, "  --    switched off in the configuration\n")?;
        return Ok(true);
    };
    let findings = source.check(&desk.ask(&member.name)).await;
    let exchanges = source.transport().take_exchanges();
    findings.iter().try_for_each(|found| finding(found, out))?;
    exchanges.iter().try_for_each(|sent| exchange(sent, out))?;
    let skew = exchanges.iter().rev().find_map(|sent| sent.clock_skew_s);
    writeln!(out, "  clock   {}", skew_in_words(skew))?;
    let (used, ceiling) = member.requests(clock.now());
    writeln!(
        out,
        "  budget  {used} of {ceiling} requests of this hour used\n"
    )?;
    Ok(!findings.is_empty() && findings.iter().all(|found| found.ok))
}

fn finding(found: &Finding, out: &mut dyn Write) -> std::io::Result<()> {
    let mark = if found.ok { "ok  " } else { "FAIL" };
    writeln!(out, "  {mark}  {}", found.what)?;
    for line in &found.details {
        writeln!(out, "          {line}")?;
    }
    Ok(())
}

fn exchange(sent: &Exchange, out: &mut dyn Write) -> std::io::Result<()> {
    let status = sent
        .status
        .map_or("no answer".to_owned(), |s| s.to_string());
    writeln!(
        out,
        "  sent    {} {} -> {status}, {} ms, {} bytes",
        sent.method, sent.url, sent.took_ms, sent.bytes
    )
}

fn skew_in_words(skew: Option<i64>) -> String {
    match skew {
        None => "the server did not tell its time".to_owned(),
        Some(0) => "the server's clock agrees with ours".to_owned(),
        Some(ahead @ 1..) => format!("the server's clock is {ahead} s ahead of ours"),
        Some(behind) => format!("the server's clock is {} s behind ours", -behind),
    }
}

fn offline(config: &Config, out: &mut dyn Write) -> Result<Exit> {
    let (sources, stores) = (config.sources.len(), config.stores.len());
    writeln!(
        out,
        "configuration valid: {sources} sources, {stores} stores"
    )
    .wrap_err("writing")?;
    Ok(Exit::Ok)
}
