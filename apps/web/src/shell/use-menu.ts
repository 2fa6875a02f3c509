import { useRouter } from "@tanstack/react-router";
import { useMemo } from "react";
import { sections } from "./route-facts.ts";
import { useOpenPages } from "./use-open-pages.ts";

/** The pages that the menu offers to who is signed in, by section. Each page says so itself, beside its address. */
export function useMenu() {
	const { routesById } = useRouter();
	const isOpen = useOpenPages();
	const pages = useMemo(
		() =>
			Object.values(routesById).flatMap(({ fullPath, options: { staticData } }) =>
				staticData?.menu === undefined ? [] : [{ to: fullPath as string, facts: staticData, ...staticData.menu }],
			),
		[routesById],
	);
	return sections
		.map((section) => ({
			section,
			pages: pages.filter((page) => page.section === section && isOpen(page.facts)).sort((a, b) => a.at - b.at),
		}))
		.filter(({ pages: offered }) => offered.length > 0);
}
