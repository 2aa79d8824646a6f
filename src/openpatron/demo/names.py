"""Names of fictional people: several scripts, long names, single names.

The pools hold ``name`` or ``name=latin``, the latter where the folded name has no Latin letters;
usernames and e-mail addresses are made of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from openpatron.kernel.text import fold

if TYPE_CHECKING:
    from random import Random


class FullName(NamedTuple):
    """A person's names as an account has them, and ``latin``: first and last name in ASCII."""

    first: str
    middle: str
    last: str
    preferred: str
    latin: str


class _Name(NamedTuple):
    name: str
    latin: str


def _pool(text: str) -> tuple[_Name, ...]:
    return tuple(_name(word.replace("_", " ")) for word in text.split())


def _name(word: str) -> _Name:
    name, _equals, latin = word.partition("=")
    return _Name(name, "".join(c for c in fold(latin or name) if c.isascii() and c.isalpha()))


_ENGLISH_FIRST = _pool("""
    Abigail Adam Aiden Alice Amelia Andrew Anthony Aria Asher Audrey Austin Ava Avery Beatrice
    Benjamin Bennett Brooke Caleb Cameron Caroline Carter Charlotte Chloe Christopher Claire Cole
    Connor Daisy Daniel David Dylan Eleanor Elijah Eliza Ella Ellie Emily Emma Ethan Eva Evelyn
    Everett Finn Fiona Freya Gabriel George Grace Graham Hannah Harper Hazel Henry Hudson Ian
    Isaac Isabel Isla Ivy Jack Jacob James Jasmine Jasper Jonah Joseph Josephine Julia Julian June
    Katherine Leah Levi Liam Lily Logan Lucas Lucy Luke Lydia Mabel Madison Maeve Margaret Mason
    Matthew Maya Mia Miles Molly Naomi Natalie Nathan Nicholas Noah Nora Oliver Olivia Oscar Owen
    Penelope Peter Phoebe Piper Quinn Rachel Rebecca Reuben Riley Robert Rose Ruby Ruth Ryan
    Samuel Sarah Sebastian Simon Sophia Stella Theodore Thomas Tobias Tristan Victoria Violet
    Walter Wesley William Willow Wyatt Zachary Zoe
""")

_ENGLISH_LAST = _pool("""
    Abbott Adams Alexander Anderson Armstrong Atkinson Bailey Baker Barnes Bennett Bishop Blackwood
    Boyd Bradley Brooks Brown Bryant Burke Butler Byrne Campbell Carpenter Carter Chapman Clark
    Coleman Collins Cook Cooper Crawford Cunningham D'Arcy Davidson Davis Dawson Dixon Doyle Duncan
    Edwards Ellis Evans Farrell Ferguson Fisher Fitzgerald Fletcher Ford Foster Fox Fraser Freeman
    Gallagher Gardner Gibson Gordon Graham Grant Gray Green Griffin Hale Hall Hamilton Harding
    Harper Harris Harrison Hart Hawkins Hayes Henderson Higgins Hill Holland Holmes Howard Hudson
    Hughes Hunter Jackson Jenkins Johnson Johnston Jones Kelly Kennedy Knight Lambert Lawrence
    Lawson Lewis Lloyd Lowe MacDonald Marsh Marshall Mason Matthews McAllister McCarthy McKenzie
    Miller Mitchell Moore Morgan Morris Murphy Murray Nelson Newman Nichols O'Brien O’Connell
    O’Neill Osborne Owens Palmer Parker Patterson Payne Pearson Perkins Perry Phillips Porter
    Powell Price Quigley Reed Reynolds Richardson Roberts Robinson Rogers Ross Russell Saunders
    Scott Shaw Shelton Simmons Sinclair Smith Smith-Jones Spencer Stewart Stone Sutton Taylor
    Thompson Tucker Turner Wade Walker Wallace Walsh Ward Warren Watson Webb Wells Wheeler White
    Whitfield Wilkins Williams Wilson Wood Wright Young
""")

_SPANISH_FIRST = _pool("""
    Adrián Agustín Alejandra Alejandro Ana_María Andrés Ángel Antonia Araceli Belén Camila Carlos
    Carmen César Concepción Diego Elena Emiliano Esperanza Esteban Fernanda Francisco Gabriela
    Gonzalo Guadalupe Héctor Inés Ignacio Iván Javier Jesús Jimena Joaquín José_Luis Juan_Carlos
    Julián Lucía Luis Luz Marisol Martín Mateo Mónica Nicolás Óscar Pilar Rafael Ramón Raúl Renata
    Rocío Rosalía Santiago Sofía Tomás Valentina Verónica Ximena Yolanda João Conceição Thaís
""")

_SPANISH_LAST = _pool("""
    Aguilar Álvarez Avilés Benítez Cabrera Calderón Castañeda Castillo Chávez Cortés Cruz Delgado
    Díaz Domínguez Escobar Espinoza Estrada Fernández Flores Fuentes Gallegos García Gómez González
    Guerrero Gutiérrez Guzmán Hernández Herrera Ibáñez Jiménez Juárez León López Luján Marín
    Martínez Medina Mejía Méndez Mendoza Montoya Morales Muñoz Navarro Núñez Ochoa Ordóñez Ortega
    Ortiz Padilla Peña Pérez Quiñones Ramírez Ramos Reyes Ríos Rivera Rodríguez Rojas Romero Ruiz
    Salazar Sánchez Sandoval Sepúlveda Solís Soto Suárez Trujillo Valdés Vargas Vásquez Vega
    Velázquez Villaseñor Yáñez Zambrano Zúñiga Gonçalves Magalhães Simões Araújo
""")

_EUROPEAN_FIRST = _pool("""
    Agnieszka Anaïs Anneliese Antonín Aurélie Bartłomiej Béla Björn Božena Cécile Chloé Çağla
    Doğan Élodie Émile Étienne François Françoise Gábor Günter Håkon Hélène Ilkay İpek Jürgen
    Jørgen Katarzyna Krzysztof László Łucja Łukasz Małgorzata Mélanie Michał Noël Ørjan
    Paweł René Réka Sigríður Søren Şule Théo Tomáš Ümit Ursula Václav Věra Władysław Zoë Žofie
    Þórdís Åse Ngozi Oluwaseun Chidinma Kwame Adaeze Nguyệt Thảo Hùng Đức Phương
""")

_EUROPEAN_LAST = _pool("""
    Ångström Ackermann Åkesson Björklund Błaszczyk Bożek Bühler Čapek Černý Dąbrowski Đặng Dvořák
    Erdoğan Étienne Fröhlich Großmann Grünwald Guðmundsdóttir Gyöngyösi Hämäläinen Hübner Jóhannsson
    Kaźmierczak Kołodziej Koçak Königsmann Kowalczyk Łukasik Lefèvre Lindström Mäkinen Meißner
    Møller Müller Müller-Lüdenscheid Năstase Nguyễn Nováková Nygård O'Súilleabháin Øverland Öztürk
    Papadopoulos Pavić Phạm Półtorak Prévost Rasmussen Rømer Schäfer Schröder Şahin Šimůnek
    Skłodowska Söderberg Strömqvist Szabó Szymański Świątek Sørensen Þórarinsson Trần Tremblay Ünal
    van_den_Berg van_der_Meer Vögele Vũ Wałęsa Weiß Wójcik Yıldırım Zając Železný Zieliński Żuraw
    Okonkwo Adeyemi Mensah Ndiaye Chukwuemeka Okafor Traoré Kouamé
""")

# Surnames that are the same for women and men.
_CYRILLIC_FIRST = _pool("""
    Александра=aleksandra Алексей=aleksej Анна=anna Артём=artem Богдан=bogdan Вера=vera
    Виктор=viktor Галина=galina Дарья=darja Дмитрий=dmitrij Ева=eva Егор=egor Елена=elena
    Зоя=zoja Иван=ivan Ирина=irina Кирилл=kirill Ксения=ksenija Лев=lev Любовь=ljubov Максим=maksim
    Мария=marija Михаил=mihail Надежда=nadezda Назар=nazar Николай=nikolaj Оксана=oksana Олег=oleg
    Ольга=olga Павел=pavel Пётр=petr Роман=roman Светлана=svetlana Семён=semen София=sofija
    Тарас=taras Фёдор=fedor Юлия=julija Ярослав=jaroslav
""")

_CYRILLIC_LAST = _pool("""
    Бондаренко=bondarenko Борисенко=borisenko Василенко=vasilenko Гончаренко=goncarenko
    Гриценко=gricenko Даниленко=danilenko Довженко=dovzenko Живаго=zivago Захарченко=zaharcenko
    Иващенко=ivascenko Коваленко=kovalenko Ковальчук=kovalcuk Короленко=korolenko
    Кравченко=kravcenko Литвиненко=litvinenko Лысенко=lysenko Макаренко=makarenko
    Марченко=marcenko Мельник=melnik Назаренко=nazarenko Ничипорук=niciporuk Олейник=olejnik
    Остапенко=ostapenko Павленко=pavlenko Петренко=petrenko Полищук=poliscuk Романюк=romanjuk
    Руденко=rudenko Савченко=savcenko Сидоренко=sidorenko Тимошенко=timosenko Ткаченко=tkacenko
    Федоренко=fedorenko Черных=cernyh Шевченко=sevcenko Шевчук=sevcuk Ющенко=juscenko
    Яковенко=jakovenko
""")

_CHINESE_FIRST = _pool("""
    伟=wei 芳=fang 娜=na 敏=min 静=jing 丽=li 强=qiang 磊=lei 洋=yang 艳=yan 勇=yong 杰=jie
    子涵=zihan 欣怡=xinyi 梓轩=zixuan 雨桐=yutong 浩然=haoran 思远=siyuan 嘉怡=jiayi 宇航=yuhang
    美玲=meiling 志强=zhiqiang 晓明=xiaoming 婉婷=wanting
""")

_CHINESE_LAST = _pool("""
    王=wang 李=li 张=zhang 刘=liu 陈=chen 杨=yang 黄=huang 赵=zhao 周=zhou 吴=wu 徐=xu 孙=sun
    马=ma 朱=zhu 胡=hu 林=lin 郭=guo 何=he 高=gao 罗=luo 欧阳=ouyang 司马=sima 諸葛=zhuge 龍=long
""")

_JAPANESE_FIRST = _pool("""
    蓮=ren 陽翔=haruto 湊=minato 大和=yamato 悠真=yuma 翔太=shota 健=ken 葵=aoi 結衣=yui 凛=rin
    美咲=misaki 陽菜=hina さくら=sakura ひかり=hikari あかり=akari カレン=karen
""")

_JAPANESE_LAST = _pool("""
    佐藤=sato 鈴木=suzuki 高橋=takahashi 田中=tanaka 伊藤=ito 渡辺=watanabe 山本=yamamoto
    中村=nakamura 小林=kobayashi 加藤=kato 吉田=yoshida 山田=yamada 佐々木=sasaki 長谷川=hasegawa
    五十嵐=igarashi 勅使河原=teshigawara
""")

_KOREAN_FIRST = _pool("""
    민준=minjun 서연=seoyeon 도윤=doyun 지우=jiwoo 하은=haeun 예준=yejun 수아=sua 지호=jiho
    은서=eunseo 현우=hyunwoo 유나=yuna 준서=junseo
""")

_KOREAN_LAST = _pool("""
    김=kim 이=lee 박=park 최=choi 정=jung 강=kang 조=cho 윤=yoon 임=lim 한=han 남궁=namgung
    제갈=jegal
""")

_ARABIC_FIRST = _pool("""
    محمد=muhammad أحمد=ahmad علي=ali حسن=hasan حسين=husayn إبراهيم=ibrahim يوسف=yusuf عمر=umar
    خالد=khalid طارق=tariq سامر=samir زياد=ziyad فاطمة=fatima عائشة=aisha مريم=maryam زينب=zaynab
    ليلى=layla نور=nur سلمى=salma هدى=huda رانيا=raniya ياسمين=yasmin دانا=dana لينا=lina
""")

_ARABIC_LAST = _pool("""
    حداد=haddad منصور=mansur خليل=khalil سليمان=sulayman النجار=alnajjar الحسيني=alhusayni
    الشامي=alshami العلي=alali عبد_الرحمن=abdalrahman عبد_الله=abdallah قاسم=qasim درويش=darwish
    صالح=salih شاهين=shahin بركات=barakat الخوري=alkhuri مصطفى=mustafa فارس=faris زيدان=zaydan
    الصباغ=alsabbagh عيسى=isa الدمشقي=aldimashqi
""")

_MIDDLE = _pool("""
    Ann Lee Marie Jane James Rae Grace Michael Luz José John Rose Elise Kay Patrick María Eve Ray
""")

_PREFERRED = _pool("Alex Sam Kit Max Charlie Robin Jo Lou Ben Nick Tess Gus Bea Mo")

# Who has one name has it as the last name.
_SINGLE = _pool("""
    Aung Dewi Gyaltsen Indrawati Lhamo Madhuri Nyein Putri Rinchen Suharti Suparman Tenzin Thida
    Wijaya Zaw Óðinn Мирослава=miroslava 小雪=xiaoxue ليلى=layla 하늘=haneul
""")

_LONG = (
    ("Maximiliane Friederike", "Charlotte Wilhelmine",
     "von und zu Hohenwaldstetten-Oberschwarzenfels auf Niedertiefenbach"),
    ("María de los Ángeles Guadalupe", "del Perpetuo Socorro",
     "Fernández de Córdoba y Álvarez de las Asturias-Villaseñor"),
    ("Kealohapauʻole", "", "Kaleohanohanookalanikumaiewakaʻahumanuokekaimalino"),
    ("Oluwaseyifunmitanmoluwaloni", "Adebowale", "Oyelaran-Olorunfunmilola Adegbuyiro"),
    ("Ana Sofía Isabela Valentina", "Montserrat", "Gutiérrez Echeverría de la Santísima Trinidad"),
    ("Hubert", "Blaine Adolph Charles David Earl Frederick Gerald",
     "Donaudampfschifffahrtsgesellschaftskapitänsson der Ältere"),
    ("Александра-Елизавета=aleksandra", "Константиновна",
     "Римская-Корсаковская-Преображенская=rimskaja"),
    ("عبد الرحمن بن خالد=abdalrahman", "بن عبد العزيز",
     "آل عبد اللطيف المراكشي الأندلسي=almarrakushi"),
)  # fmt: skip

# How often a name comes from which pools; the Latin ones first.
_GROUPS = (
    (38, _ENGLISH_FIRST, _ENGLISH_LAST),
    (20, _SPANISH_FIRST, _SPANISH_LAST),
    (9, _ENGLISH_FIRST, _SPANISH_LAST),
    (9, _EUROPEAN_FIRST, _EUROPEAN_LAST),
    (6, _ENGLISH_FIRST, _EUROPEAN_LAST),
    (5, _CYRILLIC_FIRST, _CYRILLIC_LAST),
    (5, _ARABIC_FIRST, _ARABIC_LAST),
    (3, _CHINESE_FIRST, _CHINESE_LAST),
    (2, _JAPANESE_FIRST, _JAPANESE_LAST),
    (2, _KOREAN_FIRST, _KOREAN_LAST),
)
_LATIN_GROUPS = 5

_SINGLES = 0.015
_LONGS = 0.005
_MIDDLES = 0.2
_PREFERREDS = 0.06


def draw_names(count: int, random: Random) -> list[FullName]:
    """Return that many names; the same for the same state of ``random``."""
    long_names = [_long(*parts) for parts in _LONG]
    weights = [weight for weight, _first, _last in _GROUPS]
    names = []
    for group in random.choices(range(len(_GROUPS)), weights, k=count):
        lot = random.random()
        if lot < _SINGLES:
            single = random.choice(_SINGLE)
            names.append(FullName("", "", single.name, "", single.latin))
        elif lot < _SINGLES + _LONGS:
            names.append(random.choice(long_names))
        else:
            names.append(_ordinary(group, random))
    return names


def _long(first: str, middle: str, last: str) -> FullName:
    given, family = _name(first), _name(last)
    return FullName(given.name, middle, family.name, "", f"{given.latin[:12]}.{family.latin[:20]}")


def _ordinary(group: int, random: Random) -> FullName:
    _weight, firsts, lasts = _GROUPS[group]
    first, last = random.choice(firsts), random.choice(lasts)
    middle = preferred = ""
    if group < _LATIN_GROUPS:
        lot = random.random()
        if lot < _MIDDLES:
            middle = random.choice(_MIDDLE).name
        elif lot < _MIDDLES + _PREFERREDS:
            preferred = random.choice(_PREFERRED).name
    return FullName(first.name, middle, last.name, preferred, f"{first.latin}.{last.latin}")
