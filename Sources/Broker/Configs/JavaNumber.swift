// Numbers as Java's parseInt, parseLong and parseDouble read them, and as it prints them: configurations are
// written for Kafka, and a value means the same here.

enum JavaNumber {
    /// A whole number: a sign, then decimal digits of any script in the Unicode range of one UTF-16 unit.
    static func integer(_ text: String) -> Int64? {
        var scalars = text.unicodeScalars[...]
        var isNegative = false
        if let sign = scalars.first, sign == "-" || sign == "+" {
            isNegative = sign == "-"
            scalars = scalars.dropFirst()
        }
        guard !scalars.isEmpty else { return nil }
        // Downwards, as the least number has no positive counterpart.
        var value: Int64 = 0
        for scalar in scalars {
            guard let digit = digit(scalar) else { return nil }
            let (shifted, isTooMany) = value.multipliedReportingOverflow(by: 10)
            let (next, isTooLow) = shifted.subtractingReportingOverflow(digit)
            guard !isTooMany, !isTooLow else { return nil }
            value = next
        }
        if isNegative { return value }
        let (positive, isTooHigh) = Int64(0).subtractingReportingOverflow(value)
        return isTooHigh ? nil : positive
    }

    private static func digit(_ scalar: Unicode.Scalar) -> Int64? {
        if ("0"..."9").contains(scalar) { return Int64(scalar.value - 0x30) }
        guard scalar.value > 0x7f, scalar.value <= 0xffff, scalar.properties.numericType == .decimal else {
            return nil
        }
        return scalar.properties.numericValue.map { Int64($0) }
    }

    /// A fraction: decimal or hexadecimal, with `f` or `d` behind it or not; NaN and Infinity are numbers.
    static func fraction(_ text: String) -> Double? {
        var rest = text[...]
        let isNegative = rest.first == "-"
        if isNegative || rest.first == "+" { rest = rest.dropFirst() }
        if rest == "NaN" { return .nan }
        if rest == "Infinity" { return isNegative ? -.infinity : .infinity }
        if let last = rest.last, "fFdD".contains(last) { rest = rest.dropLast() }
        guard isHexadecimal(rest) || isDecimal(rest) else { return nil }
        return Double(rest).map { isNegative ? -$0 : $0 }
    }

    private static func isDecimal(_ text: Substring) -> Bool {
        var rest = text[...]
        let digits = skipDigits(&rest, isDigit) + skipPointAndDigits(&rest, isDigit)
        guard digits > 0 else { return false }
        return rest.isEmpty || skipExponent(&rest, "eE") && rest.isEmpty
    }

    private static func isHexadecimal(_ text: Substring) -> Bool {
        guard text.hasPrefix("0x") || text.hasPrefix("0X") else { return false }
        var rest = text.dropFirst(2)
        let digits = skipDigits(&rest, isHexDigit) + skipPointAndDigits(&rest, isHexDigit)
        return digits > 0 && skipExponent(&rest, "pP") && rest.isEmpty
    }

    private static func isDigit(_ character: Character) -> Bool { ("0"..."9").contains(character) }

    private static func isHexDigit(_ character: Character) -> Bool {
        character.isASCII && character.isHexDigit
    }

    private static func skipDigits(_ rest: inout Substring, _ isDigit: (Character) -> Bool) -> Int {
        let digits = rest.prefix(while: isDigit).count
        rest = rest.dropFirst(digits)
        return digits
    }

    private static func skipPointAndDigits(_ rest: inout Substring, _ isDigit: (Character) -> Bool) -> Int {
        guard rest.first == "." else { return 0 }
        rest = rest.dropFirst()
        return skipDigits(&rest, isDigit)
    }

    private static func skipExponent(_ rest: inout Substring, _ marks: String) -> Bool {
        guard let mark = rest.first, marks.contains(mark) else { return false }
        rest = rest.dropFirst()
        if rest.first == "-" || rest.first == "+" { rest = rest.dropFirst() }
        return skipDigits(&rest, isDigit) > 0
    }

    /// As Java prints it: `0.5`, `1.0E-4`, `1.7976931348623157E308`.
    static func text(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
        let sign = value.sign == .minus ? "-" : ""
        let (digits, exponent) = decimal(value.magnitude)
        if value == 0 { return sign + "0.0" }
        guard exponent >= -3, exponent < 7 else {
            let tail = digits.dropFirst()
            return "\(sign)\(digits.prefix(1)).\(tail.isEmpty ? "0" : String(tail))E\(exponent)"
        }
        if exponent < 0 {
            return "\(sign)0.\(String(repeating: "0", count: -exponent - 1))\(digits)"
        }
        let padded = digits + String(repeating: "0", count: max(0, exponent + 2 - digits.count))
        return "\(sign)\(padded.prefix(exponent + 1)).\(padded.dropFirst(exponent + 1))"
    }

    /// The significant digits and the power of ten of the first of them.
    private static func decimal(_ value: Double) -> (digits: String, exponent: Int) {
        let parts = value.description.split(separator: "e")
        let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        let whole = mantissa[0].drop { $0 == "0" }
        let fraction = mantissa.count > 1 ? mantissa[1] : ""
        var exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        if whole.isEmpty {
            exponent -= fraction.prefix { $0 == "0" }.count + 1
        } else {
            exponent += whole.count - 1
        }
        var digits = whole + fraction
        if whole.isEmpty { digits = Substring(fraction.drop { $0 == "0" }) }
        while digits.count > 1, digits.last == "0" { digits.removeLast() }
        return (String(digits), exponent)
    }
}
