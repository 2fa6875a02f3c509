import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { GroupsSearch } from "./search.ts";

export const groupsRoute = createRoute({
	getParentRoute: () => framed,
	path: "/groups",
	validateSearch: GroupsSearch,
	staticData: {
		needs: "devices:read",
		menu: { section: "Inventory", at: 2, label: "Groups", icon: "group", key: "g" },
	},
}).lazy(() => import("./page.tsx").then(({ route }) => route));
