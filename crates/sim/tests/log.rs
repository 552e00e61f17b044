//! The log of long runs adds up: seeds follow one another, runs that found a breach among them, and
//! the newest run found none.

const LOG: &str = include_str!("../../../docs/simulated.csv");

const HEAD: &str = "date,commit,first seed,seeds,commands,faults,breaches,seconds";

#[test]
fn the_log_of_long_runs_adds_up() {
    let mut lines = LOG.lines();
    assert_eq!(lines.next(), Some(HEAD));
    let (mut next, mut breaches) = (0, 0);
    for line in lines {
        let fields: Vec<&str> = line.split(',').collect();
        let number = |at: usize| -> u64 { fields[at].parse().unwrap_or_else(|_| panic!("{line}")) };
        assert_eq!(fields.len(), 8, "{line}");
        assert_eq!(number(2), next, "seeds are left out, or counted twice: {line}");
        breaches = number(6);
        // A run that found a breach ended there, and tells no sums.
        let sums = breaches > 0 || number(4) > number(3) && number(5) > number(3);
        assert!(number(3) > 0 && sums, "{line}");
        next += number(3);
    }
    assert_eq!(breaches, 0, "the newest long run found a breach: mend it, and run again");
}
