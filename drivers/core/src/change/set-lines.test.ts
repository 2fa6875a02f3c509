import { expect, test } from "vitest";
import { inverseSetLines, setLinesOf, takeBackLines } from "./set-lines.ts";

test("braces read as the commands that make them, marks and lists too, and comments left out", () => {
	const text = `## Last changed
version 20.4R3.8;
system {
    /* do not { touch */
    login {
        message "call; { 555 } # \\"now\\"";
    }
    inactive: ntp {
        server 10.0.0.60; ## SECRET-DATA
    }
}
protocols {
    bgp {
        group up {
            export [ A "B C" ];
            inactive: neighbor 192.0.2.1;
            neighbor 192.0.2.2 {
                peer-as 64512;
            }
            neighbor 192.0.2.3 {
            }
        }
    }
}
`;
	expect(setLinesOf(text, "braces")).toEqual([
		"set version 20.4R3.8",
		'set system login message "call; { 555 } # \\"now\\""',
		"deactivate system ntp",
		"set system ntp server 10.0.0.60",
		"set protocols bgp group up export A",
		'set protocols bgp group up export "B C"',
		"set protocols bgp group up neighbor 192.0.2.1",
		"deactivate protocols bgp group up neighbor 192.0.2.1",
		"set protocols bgp group up neighbor 192.0.2.2 peer-as 64512",
		"set protocols bgp group up neighbor 192.0.2.3",
	]);
});

test.each(["}}};;;", "a { b [ c", 'a "b', "/* a", "{".repeat(5000), "a { ".repeat(5000)])(
	"braces that are none are read to their end: %j",
	(text) => {
		expect(Array.isArray(setLinesOf(text, "braces"))).toBe(true);
	},
);

test("what is new goes with the highest of its words, what changed is set, and marks follow their statements", () => {
	const wanted = ["set a one 'x y'", "set b n 1 v 2", "deactivate b n 1"];
	const now = ["set a one 'x z'", "set b n 1 v 2", "set b n 2 v 2", "set b n 2 w 3", "protect a"];
	expect(inverseSetLines(now, wanted)).toEqual([
		"unprotect a",
		"set a one 'x y'",
		"delete a one 'x z'",
		"delete b n 2",
		"deactivate b n 1",
	]);
});

test("only our lines are taken back: a value that somebody set since stays, and so does what they removed", () => {
	const wanted = ["set if 0 description old", "set if 1 mtu 9000", "set if 2 mtu 9000"];
	const after = ["set if 0 description ours", "set if 1 mtu 1500", "set if 2 mtu 1500", "set bgp n 1 as 5"];
	const now = ["set if 0 description theirs", "set if 2 mtu 1500", "set bgp n 1 as 5", "set bgp n 2 as 7"];
	expect(takeBackLines(now, after, wanted)).toEqual([
		"set if 0 description theirs",
		"set bgp n 2 as 7",
		"set if 2 mtu 9000",
	]);
});
