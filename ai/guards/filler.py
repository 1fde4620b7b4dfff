"""Words that make no claim by themselves: small ones, and those of courtesy. Of four letters and more.

What is left of a sentence without them is what it says, and must stand in its sources.
"""

import re
from collections.abc import Mapping
from typing import Final

_SPACED: Final[Mapping[str, str]] = {
    "en": "about above after again already also although another before been being below between both could"
    " does doing during each either else every from have having here hers however into itself just many"
    " might mine more most much must onto only other ours over same shall should since some still such"
    " than that their theirs them then there these they this those though through thus under until upon"
    " very were what when where whether which while whom whose will with within without would your yours"
    " afternoon anything apologies apologise apologize assist certainly course dear evening glad gladly"
    " good great happy hello help indeed kind kindly know morning nice please question questions regards"
    " sorry sure surely thank thanks understand unfortunately welcome",
    "de": "aber alle allem allen alles also auch außerdem beim bereits bist dabei dafür damit dann darauf"
    " darf dass davon dazu dein deine deinen deiner denn dich diese diesem diesen dieser dieses doch dort"
    " durch dürfen eine einem einen einer eines etwas euch gegen habe haben hatte hatten hier hätte ihnen"
    " ihre ihrem ihren ihrer ihres innerhalb jede jedem jeden jeder jedes kann kein keine keinem keinen"
    " können könnte könnten mehr mein meine mich mir möchte möchten muss müssen nach nicht noch oder ohne"
    " sehr sein seine seit sich sind sobald sodass sollte sollten sowie unser unsere unserem unseren"
    " unserer unter viel viele vielen wann weil welche welchem welchen welcher welches wenn werden wird"
    " wollen wurde wurden während zwischen über"
    " bedauern bitte danke dank entschuldigen entschuldigung frage fragen freundliche freundlichen genau"
    " gern gerne grüße guten hallo helfe helfen herzlich hilfe klar leider natürlich schön selbstverständlich"
    " sicher vielen willkommen",
    "fr": "ainsi alors après aussi autre autres avant avec avez avoir avons bien cela celle celui cette ceux"
    " chez comme dans déjà depuis devez doit doivent donc dont elle elles encore entre être êtes était"
    " fait faire faut jusqu leur leurs lors mais même moins notre nous pendant peut peuvent plus pour"
    " pouvez pouvons quand quel quelle quelles quels sans sera seront soit sont sous toute toutes tous tout"
    " très vers voici voilà votre vous"
    " aide aider avec beaucoup bonjour bonsoir cordialement désolé désolée désolés excusez merci plaisir question"
    " questions regrettons salut volontiers",
    "es": "además allí aquí aunque cada como cuando debe deben desde donde durante ellas ellos entre esta"
    " están estar estas este esto estos está haber hacer hasta hemos mismo misma nosotros nuestra nuestras"
    " nuestro nuestros otra otras otro otros para pero podemos podrá podrán porque puede pueden puedes según"
    " será serán sido sobre suya suyo también tener tiene tienen tienes toda todas todo todos tras unas"
    " unos usted ustedes"
    " ayuda ayudar ayudarle buenas buenos claro disculpa disculpe encantada encantado favor gracias gusto muchas muchos"
    " hola lamentamos lamento perdón pregunta saludos siento supuesto",
    "it": "abbiamo agli alla alle allo altra altre altri altro anche ancora avere avete come dagli dalla"
    " dalle dallo degli della delle dello deve devono dopo dove dovete durante entro essere hanno loro"
    " molto negli nella nelle nello nostra nostre nostri nostro ogni però perché possiamo possono potete"
    " prima quando quella quelle quelli quello questa queste questi questo quindi senza siamo siete sono"
    " stata stato sulla sulle suoi tutta tutte tutti tutto verso vostra vostre vostri vostro"
    " aiutare aiuto buonasera buongiorno certamente certo ciao cordiali dispiace domanda grazie prego"
    " saluti salve scusa scusi spiace spiacenti volentieri",
    "pt": "além ainda antes após aqui cada como dela delas dele deles desde deve devem durante entre essa"
    " essas esse esses esta estas este estes estão está fazer isso isto mais mesma mesmo nossa nossas nosso"
    " nossos numa onde outra outras outro outros para pela pelas pelo pelos pode podem podemos porque"
    " quando seus será serão sido sobre suas também temos toda todas todo todos você vocês"
    " ajuda ajudar certo claro desculpa desculpe favor lamentamos lamento muito noite obrigada obrigado"
    " pergunta prazer tarde",
    "pl": "albo bardzo będzie będą dlatego gdzie jest jeszcze jeśli jeżeli kiedy która które którego której"
    " którzy który lecz mają masz między mieć mogą można może możemy możesz nasz nasza nasze należy oraz pana"
    " pani podczas ponieważ przed przez również swoja swoje swój także tego temu trzeba twoja twoje twój"
    " tylko tych wasz wasza wasze został została zostało żeby"
    " chętnie cześć dobry dzień dziękujemy dziękuję jasne niestety oczywiście państwa państwo państwu pomoc pomóc"
    " pozdrawiam pozdrawiamy proszę przepraszam przepraszamy pytania pytanie witaj witam",
    "ar": "إلى أهلا الذي التي بالتأكيد خلال شكرا شكراً عفوا عفواً عند كان لقد مرحبا مرحباً نعتذر هذا هذه يرجى يمكن يمكنك",
}
WORDS: Final = frozenset(word for words in _SPACED.values() for word in words.split())
PHRASES: Final = re.compile(
    "申し訳(?:ございません|ありません)|ありがとうございま(?:す|した)|ありがとう|すみません|こんにちは"
    "|承知しました|承知いたしました|かしこまりました|わかりました|もちろんです|もちろん|どうぞ|いいえ|はい"
    "|您好|你好|谢谢|好的|是的|不是|当然|抱歉|对不起|不客气"
)
"""The same where words stick together."""
