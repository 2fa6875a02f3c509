import { SearchText } from "@netconductor/contracts/auth/model";
import { expect, test } from "vitest";
import { withoutPage } from "./view-search.ts";

test("a view is the same whatever the order of its filters and the page that was open", () => {
	expect(withoutPage("?tag=core&page=3&health=failing&page_size=100")).toBe("health=failing&tag=core");
	expect(withoutPage("health=failing&tag=core")).toBe("health=failing&tag=core");
	expect(withoutPage("?page=2")).toBe("");
});

test.each(["Zürich", "rack 4 & 5", "100 %", "a=b", "#1", "“quoted”", "<b>", "😀", "\u202e", "+"])(
	"the server takes a view with the filter %s, and the page reads it back",
	(site) => {
		const text = withoutPage(`?${new URLSearchParams({ site })}`);
		expect(SearchText.safeParse(text).success).toBe(true);
		expect(new URLSearchParams(text).get("site")).toBe(site);
	},
);
