import { useRouter } from "@tanstack/react-router";
import { useMemo } from "react";
import { usePermitted } from "../api/context.tsx";
import { sections } from "./route-facts.ts";

/** The pages that the menu offers to who is signed in, by section. Each page says so itself, beside its address. */
export function useMenu() {
	const { routesById } = useRouter();
	const permitted = usePermitted();
	const pages = useMemo(
		() =>
			Object.values(routesById).flatMap(({ fullPath, options: { staticData } }) =>
				staticData?.menu === undefined ? [] : [{ to: fullPath as string, needs: staticData.needs, ...staticData.menu }],
			),
		[routesById],
	);
	return sections
		.map((section) => ({
			section,
			pages: pages
				.filter((page) => page.section === section && (page.needs === undefined || permitted(page.needs)))
				.sort((a, b) => a.at - b.at),
		}))
		.filter(({ pages: offered }) => offered.length > 0);
}
