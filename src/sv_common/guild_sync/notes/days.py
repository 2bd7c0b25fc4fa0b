"""Days of the week in Chinese and Korean, which are written together with all that is said of them ("每周一晚上", "월요일마다")."""

from __future__ import annotations

import re
from typing import Final

_CHINESE_WEEK: Final = "星期|礼拜|禮拜|周|週"
_CHINESE: Final = (
    rf"(?:只有|只在|只能|仅在|僅在|仅|僅|只|每个|每個|每|逢|在)*(?:{_CHINESE_WEEK})[一二三四五六日天末]"
    rf"(?:[到至和]?(?:{_CHINESE_WEEK})?[一二三四五六日天末])*"
    r"(?:固定|才|都|会|會|可以|能|来|來|不在|在|玩|上线|上線|有空|休息|早上|上午|中午|下午|晚上|晚|夜里|夜裡|夜|打本)*"
)
_KOREAN: Final = r"(?:매주|매|오직)?(?:[월화수목금토일](?:요일|욜))+(?:에만|마다|에|만|은|날|저녁|밤|아침|새벽|낮|오후|오전|가능|접속)*"
_DAY: Final = re.compile(rf"{_CHINESE}|{_KOREAN}")


def is_day(key: str) -> bool:
    """Whether a word says on which day of the week, and nothing else."""
    return _DAY.fullmatch(key) is not None
