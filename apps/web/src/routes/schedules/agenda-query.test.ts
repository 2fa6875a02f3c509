import { expect, test } from "vitest";
import { addMonths, dayName, weeksOf } from "./agenda-query.ts";

test("the weeks of a month are whole, begin on Mondays and hold every day of it once", () => {
	for (const month of ["2026-02", "2026-03", "2026-08", "2024-02", "2026-10", "2027-01"]) {
		const { days } = weeksOf(month);
		expect(days.length % 7).toBe(0);
		expect(days.every((day, index) => day.getDay() === (index + 1) % 7)).toBe(true);
		const own = days.map(dayName).filter((day) => day.startsWith(month));
		const [year = 0, number = 0] = month.split("-").map(Number);
		expect(own).toHaveLength(new Date(year, number, 0).getDate());
		expect(new Set(own).size).toBe(own.length);
		expect(days.length - own.length).toBeLessThan(14);
	}
});

test("months follow each other over the turn of the year", () => {
	expect(addMonths("2026-12", 1)).toBe("2027-01");
	expect(addMonths("2026-01", -1)).toBe("2025-12");
});
