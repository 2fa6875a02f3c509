import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { GroupSearch } from "./search.ts";

export const groupRoute = createRoute({
	getParentRoute: () => framed,
	path: "/groups/$id",
	validateSearch: GroupSearch,
	staticData: { needs: "devices:read" },
}).lazy(() => import("./page.tsx").then(({ route }) => route));
