"""Answers as Battle.net's OAuth and World of Warcraft web APIs do, for one simulated guild."""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Mapping
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.simulators.accounts import FIRST_ACHIEVEMENT_MS, WorldAccount
from sv_common.guild_sync.simulators.battlenet_oauth import BattleNetSignIn
from sv_common.guild_sync.simulators.faults import Endpoint, Faults, RefusedError
from sv_common.guild_sync.simulators.model import Realm, WorldCharacter
from sv_common.guild_sync.simulators.world import GuildWorld
from sv_common.guild_sync.sources.models import CLASS_NAMES, LOCALES

CLIENT_ID = "patt-client"
CLIENT_SECRET = "patt-secret"  # noqa: S105  # of the simulator, made up
TOKEN_LIFETIME = 86_399
"""Seconds, as Battle.net says it in `expires_in`."""

LOWEST_LEVEL_WITH_PROFILE = 10
LEVEL_10 = 6
_RACES = 10


class BattleNetSimulator:
    """The web API of one guild's region. `app` serves it; `faults` makes it misbehave; `sign_in` is for people.

    Routes, beside those of the sign-in: token, roster, profile, status, pets, achievements, realm_index. `token_lifetime` is in
    seconds. `moments` are when requests of the API arrived. Simulators with the same set of `tokens` take each other's.
    """

    def __init__(self, world: GuildWorld, *, faults: Faults | None = None, tokens: set[str] | None = None) -> None:
        self.world = world
        self.faults = faults or Faults()
        self.token_lifetime = TOKEN_LIFETIME
        self.moments: list[float] = []
        self._credentials = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        self._tokens = set() if tokens is None else tokens
        self.sign_in = BattleNetSignIn(world, (CLIENT_ID, CLIENT_SECRET), self.faults)
        self.app = Starlette(
            routes=[
                self._route("/token", "token", self._token, "POST"),
                self._route("/data/wow/guild/{realm}/{guild}/roster", "roster", self._roster),
                self._route("/profile/wow/character/{realm}/{name}", "profile", self._profile),
                self._route("/profile/wow/character/{realm}/{name}/status", "status", self._status),
                self._route("/profile/wow/character/{realm}/{name}/collections/pets", "pets", self._pets),
                self._route("/profile/wow/character/{realm}/{name}/achievements", "achievements", self._achievements),
                self._route("/data/wow/realm/index", "realm_index", self._realm_index),
                *self.sign_in.routes,
            ]
        )

    def revoke_tokens(self) -> None:
        self._tokens.clear()

    def _route(self, path: str, name: str, endpoint: Endpoint, method: str = "GET") -> Route:
        watched = self.faults.watched(name, endpoint)

        async def counted(request: Request) -> Response:
            if name != "token":  # another service, with limits of its own
                self.moments.append(time.monotonic())
            return await watched(request)

        return Route(path, counted, methods=[method], name=name)

    async def _token(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Basic {self._credentials}":
            return JSONResponse({"error": "unauthorized", "error_description": "Bad credentials"}, 401)
        body = (await request.body()).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        if form.get("grant_type") == "authorization_code":
            return await self.sign_in.exchange(form)
        if body != "grant_type=client_credentials":
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        token = secrets.token_urlsafe(24)
        self._tokens.add(token)
        return JSONResponse(
            {"access_token": token, "token_type": "bearer", "expires_in": self.token_lifetime, "sub": "patt-client"}
        )

    async def _roster(self, request: Request) -> Response:
        self._check(request, "profile")
        wanted = (request.path_params["realm"], request.path_params["guild"])
        if wanted != (self.world.realm.slug, self.world.guild_slug):
            raise _error(404, "Not Found")
        members = [{"character": self._entry(each), "rank": each.rank} for each in self.world.characters]
        links = self._links(f"{self._guild_path()}/roster")
        return JSONResponse({"_links": links, "guild": self._guild(request), "members": members})

    async def _profile(self, request: Request) -> Response:
        character = self._found(request)
        if not character.is_valid:
            raise _error(404, "Not Found")
        class_name = self._name(request, CLASS_NAMES[character.class_id])
        body = {
            "_links": self._links(self._profile_path(character)),
            "id": character.character_id,
            "name": character.name,
            "gender": {"type": "FEMALE", "name": self._name(request, "Female")},
            "faction": {"type": "HORDE", "name": self._name(request, "Horde")},
            "race": self._static("playable-race", self._race(character)) | {"name": self._name(request, "Orc")},
            "character_class": self._static("playable-class", character.class_id) | {"name": class_name},
            "realm": self._realm(request, character.realm),
            "level": character.level,
            "experience": 0,
            "achievement_points": character.level * 50,
            "achievements": self._key(f"{self._profile_path(character)}/achievements"),
            "titles": self._key(f"{self._profile_path(character)}/titles"),
            "last_login_timestamp": character.last_login_ms,
            "average_item_level": character.item_level + 3,
            "equipped_item_level": character.item_level,
        }
        return JSONResponse(body | ({"guild": self._guild(request)} if character.in_guild else {}))

    async def _status(self, request: Request) -> Response:
        character = self._found(request)
        links = self._links(f"{self._profile_path(character)}/status")
        return JSONResponse({"_links": links, "id": character.character_id, "is_valid": character.is_valid})

    async def _pets(self, request: Request) -> Response:
        character, account = self._shared(request)
        if not character.shows_pets:
            raise _error(404, "Not Found")
        links = self._links(f"{self._profile_path(character)}/collections/pets")
        pets = [
            {
                "species": self._static("pet", pet.species) | {"name": self._name(request, f"Pet {pet.species}")},
                "level": 1 + pet.id % 25,
                "quality": {"type": "RARE", "name": self._name(request, "Rare")},
                "stats": {"breed_id": 4 + pet.id % 9, "health": 1400, "power": 280, "speed": 260},
                "id": pet.id,
            }
            for pet in account.pets
        ]
        body = {"_links": links, "unlocked_battle_pet_slots": 3}
        return JSONResponse(body | ({"pets": pets} if pets else {}))

    async def _achievements(self, request: Request) -> Response:
        character, account = self._shared(request)
        path = f"{self._profile_path(character)}/achievements"
        done = [
            {
                "id": number,
                "achievement": self._static("achievement", number) | {"name": self._name(request, f"No. {number}")},
                "criteria": {"id": number * 3, "is_completed": True},
                "completed_timestamp": moment,
            }
            for number, moment in sorted(self._completed(character, account).items())
        ]
        begun = {
            "id": 40,
            "achievement": self._static("achievement", 40),
            "criteria": {"id": 120, "is_completed": False},
        }
        body = {"_links": self._links(path), "total_quantity": len(done), "total_points": 10 * len(done)}
        return JSONResponse(body | {"achievements": [*done, begun], "character": self._entry(character)})

    def _completed(self, character: WorldCharacter, account: WorldAccount) -> dict[int, int]:
        """Return a character's own achievement, level 10, of which the second is known, and those of its account."""
        own = {LEVEL_10: FIRST_ACHIEVEMENT_MS + character.character_id % 100_000_000 * 1_000}
        return own if account.hides_achievements else own | account.achievements

    def _shared(self, request: Request) -> tuple[WorldCharacter, WorldAccount]:
        """Find a character whose account may be read; one whose player hides it is 404 like one that does not exist."""
        character = self._found(request)
        account = self.world.account_of(character)
        if account.is_hidden or not character.is_valid:
            raise _error(404, "Not Found")
        return character, account

    async def _realm_index(self, request: Request) -> Response:
        self._check(request, "dynamic")
        realms = [self._realm(request, realm) for realm in self.world.realms]
        return JSONResponse({"_links": self._links("/data/wow/realm/index", "dynamic"), "realms": realms})

    def _check(self, request: Request, namespace: str) -> None:
        """Refuse a request without a good token (401), or for another namespace (404, as Battle.net does)."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or token not in self._tokens:
            raise _error(401, "Unauthorized")
        given = request.query_params.get("namespace") or request.headers.get("battlenet-namespace")
        if given != f"{namespace}-{self.world.region}":
            raise _error(404, "Not Found")

    def _found(self, request: Request) -> WorldCharacter:
        """Find the character of the address, which has a profile; the name in the address must be in lower case."""
        self._check(request, "profile")
        realm, name = request.path_params["realm"], request.path_params["name"]
        for person in self.world.people:
            for character in person.characters:
                has_profile = character.has_profile and character.level >= LOWEST_LEVEL_WITH_PROFILE
                if has_profile and character.realm.slug == realm and name_key(character.name) == name:
                    return character
        raise _error(404, "Not Found")

    def _entry(self, character: WorldCharacter) -> dict[str, object]:
        """Write a roster entry's character: realm and class without their names, as on the wire."""
        realm = character.realm
        return {
            "key": self._key(self._profile_path(character)),
            "name": character.name,
            "id": character.character_id,
            "realm": {"key": self._key(f"/data/wow/realm/{realm.realm_id}"), "id": realm.realm_id, "slug": realm.slug},
            "level": character.level,
            "playable_class": self._static("playable-class", character.class_id),
            "playable_race": self._static("playable-race", self._race(character)),
            "faction": {"type": "HORDE"},
        }

    def _guild(self, request: Request) -> dict[str, object]:
        return {
            "key": self._key(self._guild_path()),
            "name": self.world.guild_name,
            "id": self.world.guild_id,
            "realm": self._realm(request, self.world.realm),
            "faction": {"type": "HORDE", "name": self._name(request, "Horde")},
        }

    def _realm(self, request: Request, realm: Realm) -> dict[str, object]:
        key = self._key(f"/data/wow/realm/{realm.realm_id}", "dynamic")
        name = self._name(request, realm.name, realm.other_names)
        return {"key": key, "name": name, "id": realm.realm_id, "slug": realm.slug}

    def _static(self, kind: str, number: int) -> dict[str, object]:
        return {"key": self._key(f"/data/wow/{kind}/{number}", "static"), "id": number}

    def _name(self, request: Request, name: str, other_names: Mapping[str, str] | None = None) -> str | dict[str, str]:
        """Write a localised name: a text where a locale was asked for, else an object with every locale of the region."""
        names = dict.fromkeys(LOCALES[self.world.region], name) | dict(other_names or {})
        locale = request.query_params.get("locale")
        return names if locale is None else names.get(locale, name)

    def _links(self, path: str, namespace: str = "profile") -> dict[str, dict[str, str]]:
        return {"self": self._key(path, namespace)}

    def _key(self, path: str, namespace: str = "profile") -> dict[str, str]:
        region = self.world.region
        return {"href": f"https://{region}.api.blizzard.com{path}?namespace={namespace}-{region}"}

    def _guild_path(self) -> str:
        return f"/data/wow/guild/{self.world.realm.slug}/{self.world.guild_slug}"

    def _profile_path(self, character: WorldCharacter) -> str:
        return f"/profile/wow/character/{character.realm.slug}/{name_key(character.name)}"

    def _race(self, character: WorldCharacter) -> int:
        return character.character_id % _RACES + 1


def _error(status: int, detail: str) -> RefusedError:
    return RefusedError(JSONResponse({"code": status, "type": f"BLZWEBAPI{status:08d}", "detail": detail}, status))
