import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { StacksSearch } from "./search.ts";

export const stacksRoute = createRoute({
	getParentRoute: () => framed,
	path: "/stacks",
	validateSearch: StacksSearch,
	staticData: {
		needs: "stacks:read",
		menu: { section: "Change", at: 2, label: "Service stacks", icon: "layers", key: "k" },
	},
}).lazy(() => import("./page.tsx").then(({ route }) => route));
