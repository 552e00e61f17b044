//! `docs/performance.md`: which command makes which figures, and whether it still does.
//!
//! Figures stand in blocks. In each stands one command, with how far off it may be another time,
//! and then tables:
//!
//! ````text
//! <!-- figures -->
//! ```sh
//! bench/growth # within a factor of 2
//! ```
//! | claims held | claims/s |
//! | ---: | ---: |
//! | 10,000 | 200,000 |
//! <!-- /figures -->
//! ````
//!
//! | file | holds |
//! | --- | --- |
//! | `tables` | figures: cells of tables that are a number, and what programs print by name |
//! | `blocks` | the document's blocks; figures and pictures outside of any are found |
//! | `again` | a block's figures beside what its command prints now |
//! | `change` | a block with new figures |

mod again;
mod blocks;
mod change;
mod tables;

pub use again::again;
pub use change::{fill, write};

/// Every command, one a line.
///
/// # Errors
/// Names the lines of figures and pictures without a command, blocks that are none, and a command
/// without figures.
pub fn commands(document: &str) -> Result<String, String> {
    let blocks = blocks::read(document)?;
    if let Some(empty) = blocks.iter().find(|block| block.figures.is_empty()) {
        return Err(format!("`{}` stands beside no figures", empty.command));
    }
    Ok(blocks.iter().flat_map(|block| [block.command.as_str(), "\n"]).collect())
}

#[cfg(test)]
mod tests {
    use super::commands;

    /// Two blocks: a table that its command prints, and figures by name.
    pub const DOCUMENT: &str = "\
# Performance

| promise | script |
| --- | --- |
| at least 0.9 | `4-01` |

<!-- figures -->
![held](held.svg)

```sh
bench/growth # within a factor of 2
```

| claims held | claims/s | how |
| ---: | ---: | --- |
| 10,000 | 200,000 | 2 cores |
| 100,000 | 190,000 | 2 cores |

| measured with | |
| --- | --- |
| writes | 300 |
<!-- /figures -->

<!-- figures -->
```sh
acceptance/4-06 # within a factor of 1.5, or 10 more or less
```

| figure | value | |
| --- | ---: | --- |
| `first_answer_ms` | 400 | from the start |
<!-- /figures -->
";

    #[test]
    fn the_commands_are_those_of_the_blocks() {
        assert_eq!(commands(DOCUMENT).unwrap(), "bench/growth\nacceptance/4-06\n");
        let why = commands(&DOCUMENT.replace("| 400 |", "| none |")).unwrap_err();
        assert_eq!(why, "`acceptance/4-06` stands beside no figures");
    }

    #[test]
    fn the_document_itself_is_in_order() {
        let document = include_str!("../../../../docs/performance.md");
        assert!(commands(document).unwrap().contains("bench/compare\n"));
    }
}
