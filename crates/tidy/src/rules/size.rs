//! How long files, lines and functions are, and how much of the code is comment.

use crate::{Fault, File, House, Source};

/// Most lines a file of code may have.
pub const FILE_LINES_MAX: usize = 600;

/// Most lines a file of tests may have.
pub const TEST_LINES_MAX: usize = 900;

/// Most lines the middle one of the product's files may have.
pub const FILE_LINES_MEDIAN_MAX: usize = 120;

/// Most lines nine in ten of the product's files may have.
pub const FILE_LINES_P90_MAX: usize = 400;

/// Most characters a line of Rust may have.
pub const LINE_CHARS_MAX: usize = 100;

/// Most lines a function may have.
pub const FUNCTION_LINES_MAX: usize = 70;

/// Most lines the middle one of the product's functions may have.
pub const FUNCTION_LINES_MEDIAN_MAX: usize = 12;

/// Lines of comment in a hundred lines of the product's Rust.
pub const COMMENT_SHARE: std::ops::RangeInclusive<usize> = 4..=20;

/// What is code, by its ending; scripts have none.
const CODE: [&str; 5] = ["rs", "html", "css", "js", "sh"];

fn is_code(file: &File) -> bool {
    let known = CODE.iter().any(|ending| crate::file::has_ending(&file.path, ending));
    (known || file.text.starts_with("#!")) && !file.is_foreign()
}

/// No file is longer than one can keep in mind.
pub fn files(house: &House) -> Vec<Fault> {
    let long = |file: &File| {
        let most = if file.is_test() { TEST_LINES_MAX } else { FILE_LINES_MAX };
        let lines = file.text.lines().count();
        let what = format!("{lines} lines; {most} at most: move one of its subjects to a file");
        (lines > most).then(|| Fault::at(file, 0, what))
    };
    house.files.iter().filter(|file| is_code(file)).filter_map(long).collect()
}

/// No line of Rust is longer than a reader's window.
pub fn lines(house: &House) -> Vec<Fault> {
    let mut faults = Vec::new();
    for file in house.rust() {
        for (at, line) in file.text.lines().enumerate() {
            let chars = line.chars().count();
            if chars > LINE_CHARS_MAX {
                let what = format!("{chars} characters; {LINE_CHARS_MAX} at most: break the line");
                faults.push(Fault::at(file, at + 1, what));
            }
        }
    }
    faults
}

/// No function is longer than a screen.
pub fn functions(house: &House) -> Vec<Fault> {
    let mut faults = Vec::new();
    for file in house.rust() {
        for function in Source::read(&file.text).functions() {
            if function.lines > FUNCTION_LINES_MAX {
                let (name, lines) = (&function.name, function.lines);
                let what = format!(
                    "`{name}` has {lines} lines; {FUNCTION_LINES_MAX} at most: \
                     name its steps and make them functions"
                );
                faults.push(Fault::at(file, function.line, what));
            }
        }
    }
    faults
}

/// The product in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// How many files.
    pub files: usize,
    /// Lines of the middle file.
    pub file_median: usize,
    /// Lines nine in ten files stay within.
    pub file_p90: usize,
    /// How many functions.
    pub functions: usize,
    /// Lines of the middle function.
    pub function_median: usize,
    /// Lines of comment in a hundred.
    pub comment_share: usize,
}

/// Measures the product.
pub fn figures(house: &House) -> Figures {
    let (mut files, mut functions, mut comments, mut lines) = (Vec::new(), Vec::new(), 0, 0);
    for file in house.product() {
        let source = Source::read(&file.text);
        files.push(file.text.lines().count());
        functions.extend(source.functions().iter().map(|function| function.lines));
        comments += source.comments;
        lines += source.lines;
    }
    Figures {
        files: files.len(),
        file_median: percentile(&mut files, 50),
        file_p90: percentile(&mut files, 90),
        functions: functions.len(),
        function_median: percentile(&mut functions, 50),
        comment_share: (comments * 100).checked_div(lines).unwrap_or(0),
    }
}

/// The smallest value that this share of all values does not exceed.
fn percentile(values: &mut [usize], share: usize) -> usize {
    values.sort_unstable();
    let at = (values.len() * share).div_ceil(100).saturating_sub(1);
    values.get(at).copied().unwrap_or(0)
}

/// What is wrong with the product's figures, in words.
pub fn shape(figures: &Figures) -> Vec<String> {
    let mut faults = Vec::new();
    let mut hold = |name: &str, is: usize, most: usize, todo: &str| {
        if is > most {
            faults.push(format!("{name}: {is} lines; {most} at most: {todo}"));
        }
    };
    let split = "split the longest files by subject";
    hold("median of files", figures.file_median, FILE_LINES_MEDIAN_MAX, split);
    hold("nine in ten files", figures.file_p90, FILE_LINES_P90_MAX, split);
    let name = "name the steps of the longest functions";
    hold("median of functions", figures.function_median, FUNCTION_LINES_MEDIAN_MAX, name);
    if !COMMENT_SHARE.contains(&figures.comment_share) {
        let (is, wanted) = (figures.comment_share, COMMENT_SHARE);
        faults.push(format!(
            "{is} lines of comment in a hundred; {} to {}: say why where it is not seen, \
             and nothing where it is",
            wanted.start(),
            wanted.end()
        ));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_a_line_and_a_function_too_long_are_named() {
        let long = format!("//! A.\nfn long() {{\n{}}}\n", "    step();\n".repeat(69));
        let wide = format!("//! B.\n// {}\n", "x".repeat(98));
        let tall = "\n".repeat(601);
        let files = [("src/a.rs", long.as_str()), ("src/b.rs", &wide), ("src/c.rs", &tall)];
        let house = House::made(&files);
        let names = |faults: Vec<Fault>| -> Vec<(String, usize)> {
            faults.into_iter().map(|fault| (fault.path, fault.line)).collect()
        };
        assert_eq!(names(functions(&house)), [("src/a.rs".to_owned(), 2)]);
        assert_eq!(names(lines(&house)), [("src/b.rs".to_owned(), 2)]);
        assert_eq!(names(super::files(&house)), [("src/c.rs".to_owned(), 0)]);
        let tests = House::made(&[("tests/c.rs", &tall)]);
        assert!(super::files(&tests).is_empty(), "tests may be longer");
    }

    #[test]
    fn figures_out_of_shape_are_told() {
        let sound = Figures {
            file_median: 120,
            file_p90: 400,
            function_median: 12,
            ..figures(&House::default())
        };
        assert!(shape(&Figures { comment_share: 10, ..sound }).is_empty());
        assert_eq!(shape(&Figures { comment_share: 3, ..sound }).len(), 1);
        let long = Figures { comment_share: 10, file_median: 121, file_p90: 401, ..sound };
        assert_eq!(shape(&Figures { function_median: 13, ..long }).len(), 3);
        assert_eq!(percentile(&mut [5, 1, 4, 2, 3], 50), 3);
        assert_eq!(percentile(&mut [5, 1, 4, 2, 3], 90), 5);
    }
}
