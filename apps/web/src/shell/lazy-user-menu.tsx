import { lazy, Suspense, useEffect, useState } from "react";
import { untilLoaded } from "../api/load-code.ts";
import { afterFirstPage } from "./after-first-page.ts";
import { UserButton } from "./user-button.tsx";

const load = () => import("./user-menu.tsx").then(({ UserMenu: component }) => ({ default: component }));
const UserMenu = lazy(untilLoaded(load));

/** The button of who is signed in; what it opens comes after the first page. */
export function LazyUserMenu() {
	const [asked, setAsked] = useState(false);
	useEffect(() => {
		// Where it does not come, it is asked for again when it is opened.
		void afterFirstPage().then(() => load().catch(() => undefined));
	}, []);
	const button = <UserButton onClick={() => setAsked(true)} />;
	return asked ? (
		<Suspense fallback={button}>
			<UserMenu />
		</Suspense>
	) : (
		button
	);
}
