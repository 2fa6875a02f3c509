import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { UserSearch } from "./search.ts";

export const userRoute = createRoute({
	getParentRoute: () => framed,
	path: "/users/$id",
	validateSearch: UserSearch,
	staticData: { needs: "users:read" },
}).lazy(() => import("./page.tsx").then(({ route }) => route));
